"""Pytest fixtures: the platform as a process of its own, as a user starts it.

Load them with `-p tradecore_server.testing`, beside `-p pg_adapter.testing`.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import httpx
import pytest

READY = re.compile(r"serves at (http://\S+)")
TOKEN = re.compile(r"^export TOKEN=(\S+)", re.MULTILINE)
COMMAND = Path(sys.executable).parent / "tradecore"


def free_port() -> int:
    """Return a port that nothing uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@attrs.define
class Process:
    """A running `tradecore run`."""

    environment: dict[str, str]
    output: Path
    process: subprocess.Popen[bytes]

    @property
    def said(self) -> str:
        """Return everything that it has written."""
        return self.output.read_text(encoding="utf-8")

    @property
    def address(self) -> str:
        """Return where the API is served."""
        found = READY.search(self.said)
        assert found, self.said
        return found[1]

    @property
    def headers(self) -> dict[str, str]:
        """Return the credentials that it printed for the first customer."""
        found = TOKEN.search(self.said)
        assert found, self.said
        return {"Authorization": f"Bearer {found[1]}"}

    def client(self) -> httpx.Client:
        """Return a client of the first customer."""
        return httpx.Client(base_url=self.address, headers=self.headers, timeout=20)

    def interrupt(self) -> float:
        """Press Ctrl-C; return how long it took to stop, in seconds."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(timeout=20) == 0, self.said
        return time.monotonic() - begun

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()


Launch = Callable[[], Process]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(server_folder: Path) -> dict[str, str]:
    """Return what makes a platform of its own: data folder and ports."""
    folder = server_folder / f"platform-{time.monotonic_ns()}"
    folder.mkdir()
    folder.chmod(0o711)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRADECORE_")},
        "TRADECORE_DATA_DIRECTORY": str(folder),
        "TRADECORE_PORT": str(free_port()),
        "TRADECORE_OPERATIONS_PORT": str(free_port()),
        "COLUMNS": "200",
    }


@pytest.fixture
def launch(environment: dict[str, str], tmp_path: Path) -> Iterator[Launch]:
    """Yield how to start the platform; whatever still runs at the end is killed."""
    started: list[Process] = []

    def start() -> Process:
        """Start `tradecore run` and return once it serves."""
        output = tmp_path / f"output-{len(started)}"
        with output.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [COMMAND, "run"], env=environment, stdout=file, stderr=subprocess.STDOUT
            )
        running = Process(environment, output, process)
        started.append(running)
        deadline = time.monotonic() + 60
        while "curl" not in running.said:
            assert process.poll() is None, running.said
            assert time.monotonic() < deadline, running.said
            time.sleep(0.05)
        return running

    yield start
    for one in started:
        if one.process.poll() is None:
            one.kill()


@pytest.fixture
def tradecore(environment: dict[str, str]) -> Command:
    """Return how to run another `tradecore` command on the same data folder."""

    def command(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own command
            [COMMAND, *arguments],
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    return command
