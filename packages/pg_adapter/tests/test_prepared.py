import pytest

from pg_adapter import prepared
from pg_adapter.prepared import Statement


def test_a_parameter_that_comes_twice_is_bound_once() -> None:
    assert prepared.number("a", "SELECT %(b)s, %(a)s, %(b)s") == Statement(
        name=b"a", sql=b"SELECT $1, $2, $1", parameters=("b", "a")
    )


def test_a_missing_parameter_is_a_bug() -> None:
    with pytest.raises(KeyError):
        prepared.number("a", "SELECT %(a)s").values({})


@pytest.mark.parametrize(
    "file_name", ["load.sql", "save.sql", "outbox.sql", "queries.sql", "books.sql"]
)
def test_statements_of_a_file_have_names_of_their_own(file_name: str) -> None:
    found = prepared.load(file_name)

    stem = file_name.removesuffix(".sql")
    assert {statement.name for statement in found.values()} == {
        f"{stem}.{name}".encode() for name in found
    }
    assert all(b"%(" not in statement.sql for statement in found.values())
