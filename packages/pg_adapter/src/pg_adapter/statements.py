"""Named SQL statements from `sql/*.sql`.

    -- lock_wallets
    -- By key order: two batches that meet wait for each other instead of deadlocking.
    SELECT ...

One word after `--`, at the start of the file or after an empty line, opens a statement. The comment
lines right below say why it is so; the rest is the SQL, sent as it stands.
"""

import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final, LiteralString

_NAME: Final = re.compile(r"--\s+([a-z][a-z0-9_]*)\s*", re.ASCII)


class StatementsError(Exception):
    """A file of statements does not follow the form above: a bug, found when it is loaded."""


def load(file_name: str, folder: Traversable | None = None) -> Mapping[str, LiteralString]:
    """Return the statements of one file by name, read-only.

    Raises:
        FileNotFoundError: no such file in `folder`, by default this package's `sql`.
        StatementsError: a name twice, a name without SQL, SQL without a name, or nothing at all.
    """
    place = folder if folder is not None else resources.files("pg_adapter") / "sql"
    return parse((place / file_name).read_text(encoding="utf-8"), source=file_name)


def parse(text: str, *, source: str) -> Mapping[str, LiteralString]:
    """Return the statements in `text` by name; `source` is named in errors. Raises as `load`."""
    bodies: dict[str, list[str]] = {}
    body: list[str] | None = None
    after_gap = True
    in_reason = False
    for number, line in enumerate(text.splitlines(), start=1):
        opening = _NAME.fullmatch(line) if after_gap else None
        after_gap = not line.strip()
        if opening is not None:
            name = opening[1]
            if name in bodies:
                raise StatementsError(f"{source}:{number}: '{name}' is there twice")
            body = bodies[name] = []
            in_reason = True
            continue
        in_reason = in_reason and line.startswith("--")
        if in_reason:
            continue
        if body is not None:
            body.append(line)
        elif line.strip() and not line.startswith("--"):
            raise StatementsError(f"{source}:{number}: SQL before the first '-- name' line")
    if not bodies:
        raise StatementsError(f"{source}: no statement")
    return MappingProxyType({name: _sql(lines, name, source) for name, lines in bodies.items()})


def _sql(lines: list[str], name: str, source: str) -> LiteralString:
    sql = "\n".join(lines).strip().removesuffix(";").rstrip()
    if all(line.startswith("--") for line in sql.splitlines()):
        raise StatementsError(f"{source}: '{name}' has no SQL")
    # A file of this package is as literal as a string in its code: nothing from outside is in it.
    return sql
