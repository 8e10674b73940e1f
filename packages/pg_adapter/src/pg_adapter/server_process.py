"""Ending the processes of an embedded server: with a deadline, and to the end."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

_POLL_SECONDS: Final = 0.02


def end(process: subprocess.Popen[bytes], first: signal.Signals, timeout_seconds: float) -> None:
    """Signal, wait, then kill; always reap: a zombie still counts as a running server."""
    if process.poll() is not None:
        return
    process.send_signal(first)
    try:
        process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_orphan(pid: int, timeout_seconds: float) -> bool:
    """Stop a PostgreSQL server that is not our child; return whether it is gone."""
    for sign in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if not is_postgres(pid):
                return True
            time.sleep(_POLL_SECONDS)
    return False


def is_alive(pid: int) -> bool:
    """Return whether a process of that id exists, whoever owns it."""
    # A child that an earlier owner in this process never waited for is a zombie until now.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def is_postgres(pid: int) -> bool:
    """Return whether a live process of that id is a PostgreSQL server."""
    if not is_alive(pid):
        return False
    if Path("/proc/self/comm").exists():
        try:
            return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "postgres"
        except OSError:
            return False
    listing = subprocess.run(  # noqa: S603 - a fixed program and a number
        ["/bin/ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return Path(listing.stdout.strip()).name == "postgres"
