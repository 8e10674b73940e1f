"""Client order ids at the venue name their order, its account and the child."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradecore.domain.ids import (
    MAX_ACCOUNT_NUMBER,
    OrderId,
    parse_venue_client_order_id,
    venue_client_order_id,
)
from tradecore.testing.builders import ORDER_ID

ORDER_IDS = st.uuids().map(lambda value: OrderId(str(value)))
NUMBERS = st.integers(0, MAX_ACCOUNT_NUMBER)
CHILDREN = st.integers(1, 999)
VENUE_PATTERN = re.compile(r"[a-zA-Z0-9-_]{1,36}")


@given(ORDER_IDS, NUMBERS, CHILDREN)
def test_f15_a_childs_client_order_id_fits_the_venues_36_characters(
    order_id: OrderId, number: int, child: int
) -> None:
    assert VENUE_PATTERN.fullmatch(venue_client_order_id(order_id, number, child))


@given(ORDER_IDS, NUMBERS, CHILDREN)
def test_an_orphan_names_its_owner(order_id: OrderId, number: int, child: int) -> None:
    name = venue_client_order_id(order_id, number, child)
    assert parse_venue_client_order_id(name) == (order_id, number, child)


@given(st.text(max_size=40) | st.from_regex(r"[0-9a-z]{32}(-[0-9]{1,3})?", fullmatch=True))
def test_only_the_exact_text_that_we_write_is_read_as_ours(text: str) -> None:
    ours = parse_venue_client_order_id(text)
    if ours is not None:
        assert venue_client_order_id(*ours) == text


STEM = venue_client_order_id(ORDER_ID, 7, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "web_1234",
        STEM[:-1],
        STEM + "0",
        STEM + "-",
        STEM + "-x",
        STEM + "-0",
        STEM + "-1",
        STEM + "-02",
        STEM + "-1000",
        STEM + "-\uff12",
        STEM.upper().replace("0", "I"),
        "z" * 32,
    ],
)
def test_a_foreign_client_order_id_is_not_ours(text: str) -> None:
    assert parse_venue_client_order_id(text) is None
