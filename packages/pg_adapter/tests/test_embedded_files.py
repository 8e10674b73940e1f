import os
from pathlib import Path

import pytest

from pg_adapter.embedded_files import ServerUser

MODES = [
    # mode, wanted, allowed
    (0o700, 7, False),
    (0o705, 5, True),
    (0o701, 1, True),
    (0o701, 5, False),
]


@pytest.mark.parametrize(("mode", "wanted", "allowed"), MODES)
def test_another_user_may_what_the_last_three_bits_allow(
    tmp_path: Path, mode: int, wanted: int, allowed: bool
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(mode)
    stranger = ServerUser(uid=os.getuid() + 1, gid=os.getgid() + 1)

    assert stranger.may(folder, wanted) is allowed


def test_one_closed_folder_on_the_way_closes_all_below(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    below = closed / "below"
    below.mkdir(parents=True)
    below.chmod(0o755)
    stranger = ServerUser(uid=os.getuid() + 1, gid=os.getgid() + 1)

    closed.chmod(0o700)

    assert not stranger.reaches(below)
    assert not stranger.reaches(below / "not" / "made" / "yet")
    assert ServerUser(uid=os.getuid(), gid=os.getgid()).may(closed, 7)
