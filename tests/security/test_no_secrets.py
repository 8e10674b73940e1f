"""No secret, no path of a machine and no registry's address is in a tracked file."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = Path(__file__).parents[2]
SCANNER = Path(sys.executable).with_name("kingfisher")

# Put together here, so that this file does not find itself.
FOREIGN = {
    "a path of somebody's machine": "|".join(
        "/" + folder + "/[a-z]" for folder in ("root", "home", "Users", "work")
    ),
    "a registry": r"\b(" + "|".join(("py" + r"pi\.org", "python" + "hosted", "npm" + "js")) + ")",
    "a login in an address": "://" + r"[\w.-]+:[^\s@/{}$*]{6,}@",
}


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]


def findings(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return what the scanner finds. It asks nobody whether a find is live."""
    scan = subprocess.run(
        [
            *(SCANNER, "scan", *paths, "--format", "json", "--quiet"),
            *("--no-validate", "--no-update-check", "--git-history", "none"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert scan.stdout.strip(), scan.stderr
    found: list[dict[str, Any]] = json.loads(scan.stdout).get("findings", [])
    return found


def test_no_tracked_file_holds_a_secret(tracked: list[Path]) -> None:
    assert [
        (one["rule"]["name"], one["finding"]["path"], one["finding"]["line"])
        for one in findings(tracked)
    ] == []


def test_a_committed_key_would_be_found(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "settings.py").write_text(f'KEY = """{key.decode()}"""\n', "utf-8")

    assert findings([tmp_path])


@pytest.mark.parametrize("what", FOREIGN)
def test_no_tracked_file_speaks_of_a_machine(tracked: list[Path], what: str) -> None:
    pattern = re.compile(FOREIGN[what])
    lines = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in tracked
        if path.suffix != ".gz"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]

    assert lines == []


def test_every_dependency_is_pinned_by_its_hash() -> None:
    locked = (ROOT / "requirements.lock").read_text("utf-8")
    requirements = re.split(r"\n(?=[a-z0-9])", locked)

    assert len(requirements) > 50
    for requirement in requirements:
        assert "==" in requirement.partition("\n")[0], requirement
        assert "--hash=sha256:" in requirement, requirement


def test_an_install_checks_the_hashes() -> None:
    assert "--require-hashes requirements.lock" in (ROOT / "Makefile").read_text("utf-8")
