"""JSON as money needs it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http_adapter import strict_json
from http_adapter.strict_json import MalformedJson, parse

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_json_writes_is_read_back(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value


@given(st.dictionaries(TEXT, TEXT, min_size=1, max_size=4), st.data())
def test_a_repeated_name_is_refused(members: dict[str, str], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(sorted(members)))
    pairs = [*members.items(), (again, data.draw(TEXT))]
    body = "{" + ",".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in pairs) + "}"
    with pytest.raises(MalformedJson, match="twice"):
        parse(body.encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"{}{}",
        b"\xff\xfe{\x00}\x00",
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e400}',
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 01}',
        b'{"a": ' + b"1" * 5000 + b"}",
        b"[" * 40 + b"]" * 40,
        b'{"a": {"b": 1, "b": 2}}',
        b'[{"b": "1", "b": "2"}]',
        b'{"a": "x\ny"}',
    ],
)
def test_anything_else_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedJson):
        parse(raw)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_f67_a_hundred_thousand_levels_are_malformed(opening: bytes) -> None:
    with pytest.raises(MalformedJson):
        parse(opening * 100_000)


def test_a_flat_object_is_known_to_be_unique_without_a_second_look() -> None:
    raw = b'{"symbol": "BTCUSDT", "quantity": "0.1", "price": null, "n": 1}'
    assert strict_json._names_are_surely_unique(raw, json.loads(raw))
