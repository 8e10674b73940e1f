"""How much is measured. The environment changes it."""

import os
from collections.abc import Mapping
from typing import Final

import attrs

CALLERS: Final = 64
BASELINE_CLIENTS: Final = (8, 16)
"""Client counts of the baseline that are tried; the best one is compared with."""


@attrs.frozen(kw_only=True)
class Sizes:
    """What one run of the bench does."""

    rounds: int = 5
    seconds: float = 3.0  #: of each series in each round
    accounts: int = 2_000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Sizes":
        """Return the sizes with what BENCH_ROUNDS, BENCH_SECONDS and BENCH_ACCOUNTS change."""
        usual = cls()
        return cls(
            rounds=int(environment.get("BENCH_ROUNDS", usual.rounds)),
            seconds=float(environment.get("BENCH_SECONDS", usual.seconds)),
            accounts=int(environment.get("BENCH_ACCOUNTS", usual.accounts)),
        )
