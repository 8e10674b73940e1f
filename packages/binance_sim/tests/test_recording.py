"""Recordings: what a line means, and what cannot be one."""

import gzip
from pathlib import Path

import pytest

from binance_sim.recording import (
    BookTicker,
    DepthSnapshot,
    DepthUpdate,
    RecordedTrade,
    Recording,
    RecordingError,
    packaged_recordings,
    read_folder,
    units_of,
)

TICKER = (
    b'100 {"stream":"abcusdt@bookTicker","data":{"u":7,"s":"ABCUSDT",'
    b'"b":"1.50000000","B":"2.00000000","a":"1.60000000","A":"3.00000000"}}'
)
TRADE = (
    b'200 {"stream":"abcusdt@trade","data":{"e":"trade","E":1,"s":"ABCUSDT","t":9,'
    b'"p":"1.5","q":"2","T":1,"m":true,"M":true}}'
)
DEPTH = (
    b'300 {"stream":"abcusdt@depth@100ms","data":{"e":"depthUpdate","E":1,"s":"ABCUSDT",'
    b'"U":8,"u":9,"b":[["1.4","0"]],"a":[]}}'
)
SNAPSHOT = b'400 {"lastUpdateId":5,"bids":[["1.5","2"]],"asks":[["1.6","3"]]}'
KLINE = b'500 {"stream":"abcusdt@kline_1m","data":{"s":"ABCUSDT"}}'

ONE = 10**8


def test_each_line_becomes_its_event() -> None:
    recording = Recording(b"\n".join((TICKER, TRADE, DEPTH, SNAPSHOT, KLINE)) + b"\n")
    assert (recording.symbol, recording.first_ns, recording.last_ns) == ("ABCUSDT", 100, 500)
    assert list(recording.events()) == [
        BookTicker(100, "ABCUSDT", 7, 150000000, 2 * ONE, 160000000, 3 * ONE),
        RecordedTrade(200, "ABCUSDT", 9, 150000000, 2 * ONE, is_buyer_maker=True),
        DepthUpdate(300, "ABCUSDT", 8, 9, [(140000000, 0)], []),
        DepthSnapshot(400, "ABCUSDT", 5, [(150000000, 2 * ONE)], [(160000000, 3 * ONE)]),
    ]
    snapshot = recording.first_snapshot()
    assert snapshot is not None
    assert snapshot.last_update_id == 5


def test_recording_without_snapshot_has_none() -> None:
    assert Recording(TICKER).first_snapshot() is None


@pytest.mark.parametrize("content", [b"", b"no number\n", SNAPSHOT, b"12 {}\n"])
def test_what_names_no_symbol_is_no_recording(content: bytes) -> None:
    with pytest.raises(RecordingError):
        Recording(content)


def test_a_broken_line_is_named() -> None:
    broken = TRADE.replace(b'"q":"2"', b'"q":"x"')
    with pytest.raises(RecordingError, match="line 2"):
        list(Recording(TICKER + b"\n" + broken).events())


@pytest.mark.parametrize(
    ("text", "units"),
    [("1", ONE), ("1.5", 150000000), ("0.00000001", 1), ("61837.63000000", 6183763000000)],
)
def test_amounts_are_exact(text: str, units: int) -> None:
    assert units_of(text) == units


def test_too_many_decimals_are_refused() -> None:
    with pytest.raises(ValueError, match="decimals"):
        units_of("0.000000001")


def test_a_folder_holds_any_number_of_recordings(tmp_path: Path) -> None:
    (tmp_path / "b.gz").write_bytes(gzip.compress(TICKER.replace(b"ABCUSDT", b"XYZUSDT")))
    (tmp_path / "a.gz").write_bytes(gzip.compress(TICKER))
    (tmp_path / "README.md").write_text("not a recording")
    assert [each.symbol for each in read_folder(tmp_path)] == ["ABCUSDT", "XYZUSDT"]


def test_the_package_brings_two_pairs() -> None:
    recordings = packaged_recordings()
    assert [(each.symbol, len(each)) for each in recordings] == [
        ("BTCUSDT", 41249),
        ("ETHUSDT", 33618),
    ]
    kinds = {type(event) for event in recordings[1].events()}
    assert kinds == {BookTicker, DepthSnapshot, DepthUpdate, RecordedTrade}
