from pathlib import Path

import pytest

from pg_adapter import migrate
from pg_adapter.migrate import Migration, MigrationFilesInvalid


def test_files_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("V0002__post_index.sql", "V0001__initial.sql", "README.md"):
        (tmp_path / name).write_text("SELECT 1", encoding="utf-8")

    assert [str(found) for found in migrate.read(tmp_path)] == [
        "V0001__initial",
        "V0002__post_index",
    ]


@pytest.mark.parametrize("name", ["1__a.sql", "V0001_a.sql", "V0001__A.sql", "initial.sql"])
def test_a_misnamed_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("SELECT 1", encoding="utf-8")

    with pytest.raises(MigrationFilesInvalid, match=name):
        migrate.read(tmp_path)


def test_line_endings_do_not_change_the_checksum() -> None:
    unix = Migration(version=1, name="a", sql="SELECT 1\n;\n")
    windows = Migration(version=1, name="a", sql="SELECT 1\r\n;\r\n")

    assert unix.checksum == windows.checksum
    assert unix.checksum != Migration(version=1, name="a", sql="SELECT 2\n;\n").checksum
