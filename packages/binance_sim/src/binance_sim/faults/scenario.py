"""A scenario: faults and deeds on a time table, from a TOML or JSON file."""

from pathlib import Path
from typing import Final

import msgspec

from binance_sim.faults.actions import AnyAction
from binance_sim.faults.rules import Rule


class Moment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What happens `at` so many seconds after the start: one of the two."""

    at: float = 0.0
    fault: Rule | None = None
    for_seconds: float | None = None  #: how long the fault stays; None: for ever
    deed: AnyAction | None = None


class Scenario(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Everything that goes wrong, with the seed of its chance."""

    name: str = "scenario"
    seed: int = 0
    moments: list[Moment] = []


_SUFFIX_TOML: Final = ".toml"


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of a file. Raises OSError, msgspec.MsgspecError."""
    content = path.read_bytes()
    if path.suffix == _SUFFIX_TOML:
        return msgspec.toml.decode(content, type=Scenario)
    return msgspec.json.decode(content, type=Scenario)
