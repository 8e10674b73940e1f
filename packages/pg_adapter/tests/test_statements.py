from pathlib import Path

import pytest

from pg_adapter import statements
from pg_adapter.statements import StatementsError

GOOD = """\
-- Statements about wallets.

-- lock_wallets
-- By key order, so that two batches never deadlock.
SELECT account_id
  FROM wallets

 WHERE asset = 'a;b' -- retry
-- again
   FOR UPDATE;

-- drop_nothing
DELETE FROM wallets WHERE false
"""


def test_a_statement_is_what_stands_between_its_reason_and_the_next_name() -> None:
    found = statements.parse(GOOD, source="good.sql")

    assert list(found) == ["lock_wallets", "drop_nothing"]
    assert found["lock_wallets"].startswith("SELECT account_id")
    assert found["lock_wallets"].endswith("-- again\n   FOR UPDATE")
    assert found["drop_nothing"] == "DELETE FROM wallets WHERE false"


def test_a_one_word_reason_is_not_a_name() -> None:
    assert dict(statements.parse("-- a\n-- idempotent\nSELECT 1", source="x")) == {"a": "SELECT 1"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no statement"),
        ("-- only a preamble, no name\n", "no statement"),
        ("SELECT 1\n", "x.sql:1: SQL before"),
        ("-- a\nSELECT 1\n\n-- a\nSELECT 2\n", "x.sql:4: 'a' is there twice"),
        ("-- a\n-- its reason\n\n-- b\nSELECT 2\n", "'a' has no SQL"),
        ("-- a\n;\n", "'a' has no SQL"),
        ("-- a\n-- reason\n\n-- a comment, no statement\n", "'a' has no SQL"),
    ],
)
def test_a_file_that_does_not_follow_the_form_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(StatementsError, match=complaint):
        statements.parse(text, source="x.sql")


def test_the_statements_cannot_be_changed() -> None:
    found = statements.parse("-- a\nSELECT 1", source="x.sql")

    with pytest.raises(TypeError):
        found["a"] = "DROP TABLE orders"  # type: ignore[index] # that it is refused is the promise


def test_a_file_is_loaded_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "save.sql").write_text("-- a\nSELECT 'ä'", encoding="utf-8")

    assert statements.load("save.sql", tmp_path)["a"] == "SELECT 'ä'"
    with pytest.raises(FileNotFoundError):
        statements.load("absent.sql", tmp_path)
