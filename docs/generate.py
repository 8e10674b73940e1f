# ruff: noqa: INP001 - a script beside the pages that it writes
"""Write the pages and schemas that are generated from the code; run it with `make setup` done.

    .venv/bin/python docs/generate.py

It refuses to overwrite a schema by one that its readers could not follow.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tradecore.domain.orders import TERMINAL, TRANSITIONS, OrderStatus
from tradecore.messages import schemas
from tradecore.messages.topics import TOPICS

DOCS: Final = Path(__file__).parent

_ORDER_STATES: Final = """\
# The states of an order

Generated from `tradecore.domain.orders.TRANSITIONS` by `docs/generate.py`. A step that is not in
the table is refused; a terminal state is never left, also when a fill arrives late.

```mermaid
{diagram}
```

| from | by | to |
| --- | --- | --- |
{rows}
"""


def order_states() -> str:
    """Return the page with the diagram and the table of transitions."""
    steps = [(before, trigger, after) for (before, trigger), after in TRANSITIONS.items()]
    arrows: dict[tuple[OrderStatus, OrderStatus], list[str]] = {}
    for before, trigger, after in steps:
        arrows.setdefault((before, after), []).append(trigger.value)
    diagram = [
        "stateDiagram-v2",
        f"  [*] --> {OrderStatus.PENDING_NEW}: SUBMIT",
        *(
            f"  {before} --> {after}: {', '.join(triggers)}"
            for (before, after), triggers in arrows.items()
        ),
        *(f"  {status} --> [*]" for status in OrderStatus if status in TERMINAL),
    ]
    rows = [f"| `{before}` | `{trigger}` | `{after}` |" for before, trigger, after in steps]
    return _ORDER_STATES.format(diagram="\n".join(diagram), rows="\n".join(rows))


def event_schemas() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each topic's schema and the file that it belongs in."""
    for name, topic in TOPICS.items():
        yield DOCS / "schemas" / schemas.file_name(topic), schemas.generate(name)


def pages() -> dict[Path, str]:
    """Return every generated file and what it should hold."""
    generated = {path: json.dumps(schema, indent=2) + "\n" for path, schema in event_schemas()}
    return {DOCS / "order-states.md": order_states(), **generated}


def broken_promises() -> list[str]:
    """Return what the schemas as generated break of those that are checked in."""
    return [
        f"{path.name}: {change}"
        for path, schema in event_schemas()
        if path.exists()
        for change in schemas.incompatibilities(json.loads(path.read_text("utf-8")), schema)
    ]


def main() -> int:
    """Write every file, unless a schema broke its promise; return the exit status."""
    if broken := broken_promises():
        sys.stderr.write("\n".join((*broken, "Give the topic a new version instead.", "")))
        return 1
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
