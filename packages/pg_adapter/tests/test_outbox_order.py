"""The order of the log, without a database: what a reader makes of rows by (xid, id)."""

import random

from pg_adapter.outbox import Place, _Entry, _records, _settled
from tradecore.domain.ids import AccountId, EventId

START = Place(0, 0)


def entry(
    xid: int, account: str, sequence: int, before: int | None, *, wanted: bool = True
) -> _Entry:
    return _Entry(
        place=Place(xid, xid),
        event_id=EventId(f"{account}{sequence}"),
        topic="t",
        account_id=AccountId(account),
        sequence=sequence,
        body=b"" if wanted else None,
        before=None if before is None else Place(before, before),
    )


def told(entries: list[_Entry], limit: int = 100) -> list[tuple[str, str]]:
    return [(one.event_id, one.position) for one in _records(_settled(entries), START, limit)]


def test_a_straight_log_is_told_as_it_stands() -> None:
    log = [entry(1, "a", 1, None), entry(2, "b", 1, None), entry(3, "a", 2, 1)]

    assert told(log) == [("a1", "1:1"), ("b1", "2:2"), ("a2", "3:3")]


def test_an_event_ahead_of_its_account_waits_and_so_does_all_behind_it() -> None:
    log = [entry(1, "a", 1, None), entry(2, "a", 3, 9), entry(3, "b", 1, None)]

    assert told(log) == [("a1", "1:1")]


def test_an_event_before_the_cut_that_needs_one_behind_it_moves_the_cut() -> None:
    log = [entry(1, "b", 2, 3), entry(2, "a", 3, 9), entry(3, "b", 1, None)]

    assert told(log) == []


def test_an_account_is_told_by_sequence_and_no_place_is_passed_too_early() -> None:
    log = [entry(1, "a", 2, 3), entry(2, "b", 1, None), entry(3, "a", 1, None)]

    assert told(log) == [("a1", "0:0"), ("b1", "0:0"), ("a2", "3:3")]


def test_a_page_ends_where_everything_up_to_its_place_was_told() -> None:
    log = [
        entry(1, "a", 2, 3),
        entry(2, "b", 1, None),
        entry(3, "a", 1, None),
        entry(4, "c", 1, None),
    ]

    assert [name for name, _ in told(log, limit=1)] == ["a1", "b1", "a2"]
    assert told(log, limit=1)[-1][1] == "3:3"


def test_events_that_nobody_asked_for_are_passed_with_the_one_before() -> None:
    log = [
        entry(1, "a", 2, 2, wanted=False),
        entry(2, "a", 1, None),
        entry(3, "b", 1, None, wanted=False),
    ]

    assert told(log) == [("a1", "3:3")]


def test_a_hole_left_by_retention_holds_nobody_back() -> None:
    assert told([entry(5, "a", 7, None)]) == [("a7", "5:5")]


def test_any_interleaving_is_told_whole_and_in_order_page_by_page() -> None:
    chance = random.Random(7)
    for _ in range(300):
        log = _interleaving(chance)
        place, seen = START, []
        while True:
            rest = [one for one in log if one.place > place]
            records = _records(_settled(rest), place, chance.randint(1, 4))
            if not records:
                break
            seen += [record.event_id for record in records]
            assert Place.parse(records[-1].position) > place
            place = Place.parse(records[-1].position)
        assert sorted(seen) == sorted(one.event_id for one in log)
        for account in "abc":
            own = [name for name in seen if name.startswith(account)]
            assert own == sorted(own, key=lambda name: int(name[1:]))


def _interleaving(chance: random.Random) -> list[_Entry]:
    places = list(range(1, chance.randint(2, 14)))
    owners = [chance.choice("abc") for _ in places]
    log = []
    for account in "abc":
        own = [place for place, owner in zip(places, owners, strict=True) if owner == account]
        chance.shuffle(own)
        log += [
            entry(place, account, sequence, own[sequence - 2] if sequence > 1 else None)
            for sequence, place in enumerate(own, start=1)
        ]
    return sorted(log, key=lambda one: one.place)
