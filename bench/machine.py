"""What the machine spends: processor time of processes with their children, and its load."""

import os
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process_id: int) -> float | None:
    """Return what a process and its children, dead or alive, have used; None without /proc."""
    if not _PROC.is_dir():
        return None
    ticks = 0
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        fields = _fields(int(entry.name))
        if fields is None:
            continue
        own, children = sum(fields[11:13]), sum(fields[13:15])
        if int(entry.name) == process_id:
            ticks += own + children
        elif fields[1] == process_id:
            ticks += own
    return ticks / _TICKS


def load() -> float:
    """Return how many processes wanted the processors over the last minute."""
    return os.getloadavg()[0]


def _fields(process_id: int) -> list[int] | None:
    """Return the numbers of /proc/PID/stat from the state on; None if the process is gone."""
    try:
        text = (_PROC / str(process_id) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name stands in parentheses and may hold anything; the state is a letter.
    _, *numbers = text.rpartition(")")[2].split()
    return [0, *map(int, numbers)]
