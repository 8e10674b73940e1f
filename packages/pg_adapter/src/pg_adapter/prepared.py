"""Statements that are sent prepared: parsed once a connection, their parameters by name."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from pg_adapter import statements

_PARAMETER: Final = re.compile(r"%\(([a-z_]+)\)s", re.ASCII)


@attrs.frozen
class Statement:
    """One statement as the server wants it: parameters by number."""

    name: bytes  #: of the prepared statement, unique within a connection
    sql: bytes = attrs.field(repr=False)
    parameters: tuple[str, ...]  #: by number

    def values(self, by_name: Mapping[str, bytes | None]) -> list[bytes | None]:
        """Return the parameters in their order. Raises KeyError where one is missing."""
        return [by_name[name] for name in self.parameters]


def number(name: str, sql: str) -> Statement:
    """Return `sql` with each `%(name)s` numbered in the order of first appearance."""
    parameters = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
    places = {parameter: f"${place}" for place, parameter in enumerate(parameters, start=1)}
    numbered = _PARAMETER.sub(lambda found: places[found[1]], sql)
    return Statement(name=name.encode(), sql=numbered.encode(), parameters=parameters)


def load(file_name: str) -> Mapping[str, Statement]:
    """Return the statements of one file of `sql/` by name. Raises as `statements.load`."""
    stem = file_name.partition(".")[0]
    return MappingProxyType(
        {name: number(f"{stem}.{name}", sql) for name, sql in statements.load(file_name).items()}
    )


BEGIN: Final = number("begin", "BEGIN")
BEGIN_READ: Final = number("begin_read", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
COMMIT: Final = number("commit", "COMMIT")
ROLLBACK: Final = number("rollback", "ROLLBACK")
