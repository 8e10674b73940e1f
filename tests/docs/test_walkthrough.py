"""The README's worked example, pasted into a shell beside a running platform."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BINARIES = Path(sys.executable).parent
START_SECONDS = 60
STEP = re.compile(r"^```shell\n(.*?)^```\n\n```(?:json|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
STEPS = STEP.findall(README)
ADDRESS = "http://127.0.0.1:8080"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    # Not pytest's folder: a server that root starts runs as another user, who must get there.
    with tempfile.TemporaryDirectory(prefix="tradecore-docs-") as folder:
        Path(folder).chmod(0o711)
        yield {
            **{name: value for name, value in os.environ.items() if "TRADECORE" not in name},
            "TRADECORE_DATA_DIRECTORY": f"{folder}/data",
            "TRADECORE_PORT": str(free_port()),
            "TRADECORE_OPERATIONS_PORT": str(free_port()),
        }


@pytest.fixture(scope="module")
def platform(environment: dict[str, str]) -> Iterator[str]:
    """Yield the address of a platform that was started as `make run` starts it."""
    with subprocess.Popen(
        [BINARIES / "tradecore", "run"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        address = f"http://127.0.0.1:{environment['TRADECORE_PORT']}"
        deadline = time.monotonic() + START_SECONDS
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if "curl" in line:
                    break
                assert time.monotonic() < deadline, line
            assert process.poll() is None
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            process.wait(START_SECONDS)


def normal(text: str) -> str:
    """Return the text without the spaces that only lay it out."""
    return re.sub(r"\s+", "", text)


def matcher(promised: str) -> re.Pattern[str]:
    """Return what an answer must look like: as printed, `...` for what differs."""
    return re.compile(".*".join(map(re.escape, normal(promised).split("..."))), re.DOTALL)


def test_the_worked_example_answers_as_printed(platform: str, environment: dict[str, str]) -> None:
    marker = "=== next step ==="
    script = f"\necho '{marker}'\n".join(commands for commands, _ in STEPS)
    assert script.count(ADDRESS) == 1
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(ADDRESS, platform)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for (commands, promised), answer in zip(STEPS, done.stdout.split(marker), strict=True):
        assert matcher(promised).fullmatch(normal(answer)), f"{commands}\n{answer}"


def test_every_shell_block_is_a_step() -> None:
    assert README.count("```shell\n") == len(STEPS) == 5


def test_every_command_of_the_table_is_one_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = re.findall(r"`make ([a-z-]+)", README)

    assert {"run", "test", "demo"} <= set(named) <= set(targets)
