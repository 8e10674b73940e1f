"""What a recorded message does to one symbol's book and to the customers' orders in it.

The market's liquidity stands apart from customers' orders: taking eats a level until the
recording sets it anew. A resting order fills as maker, at its own price, in two cases: a recorded
trade reaches its price (at most the trade's quantity over all orders, by price and time), or the
recorded book moves to or through its price (at most the level's quantity, which is eaten).
Customers' orders are assumed first in the queue at their price.
"""

from collections.abc import Iterable
from typing import assert_never

from binance_sim.engine.book import HalfBook
from binance_sim.engine.events import Event
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.journal import Draft
from binance_sim.recording import (
    BookTicker,
    DepthSnapshot,
    DepthUpdate,
    Levels,
    MarketEvent,
    RecordedTrade,
)


class MarketPlayer:
    """Drives the market of one symbol."""

    def __init__(self, exchange: Exchange, symbol: str) -> None:
        self._journal = exchange.journal
        self._market = exchange.market(symbol)
        self._matcher = exchange.matcher(symbol)
        self._book = self._market.book
        self._update_id = 0
        self._ticker: BookTicker | None = None

    def restart(self, snapshot: DepthSnapshot | None, now_us: int) -> tuple[Event, ...]:
        """Forget the market and begin again, from a snapshot if there is one."""
        self._book.clear_liquidity()
        self._update_id, self._ticker = 0, None
        return () if snapshot is None else self.apply(snapshot, now_us)

    def apply(self, event: MarketEvent, now_us: int) -> tuple[Event, ...]:
        """Apply one message; return what happened to customers' orders."""
        draft = Draft(self._journal, now_us)
        match event:
            case BookTicker():
                self._apply_ticker(event)
            case DepthUpdate():
                self._apply_depth(event)
            case DepthSnapshot():
                self._apply_snapshot(event)
            case RecordedTrade():
                self._matcher.share_trade(
                    draft, event.price, event.quantity, is_buyer_maker=event.is_buyer_maker
                )
                return draft.finish()
            case _:
                assert_never(event)
        self._market.quoted_us = now_us
        self._matcher.match_liquidity(draft)
        return draft.finish()

    def _apply_snapshot(self, snapshot: DepthSnapshot) -> None:
        if snapshot.last_update_id <= self._update_id:
            return
        self._book.clear_liquidity()
        self._set(self._book.bids, snapshot.bids)
        self._set(self._book.asks, snapshot.asks)
        self._update_id = snapshot.last_update_id
        self._ticker = None

    def _apply_depth(self, update: DepthUpdate) -> None:
        """Set the changed levels. At and above the top, a newer best price knows better."""
        if update.last_update_id <= self._update_id:
            return
        self._update_id = update.last_update_id
        ticker, bids, asks = self._ticker, update.bids, update.asks
        if ticker is not None and update.last_update_id < ticker.update_id:
            bids = [level for level in bids if level[0] < ticker.bid_price]
            asks = [level for level in asks if level[0] > ticker.ask_price]
        self._set(self._book.bids, bids)
        self._set(self._book.asks, asks)

    def _apply_ticker(self, ticker: BookTicker) -> None:
        if ticker.update_id <= self._update_id:
            return
        self._ticker = ticker
        bids, asks = self._book.bids, self._book.asks
        bids.liquidity.drop_better_than(ticker.bid_price)
        asks.liquidity.drop_better_than(ticker.ask_price)
        bids.set_liquidity(ticker.bid_price, ticker.bid_quantity)
        asks.set_liquidity(ticker.ask_price, ticker.ask_quantity)

    @staticmethod
    def _set(half: HalfBook, levels: Levels | Iterable[tuple[int, int]]) -> None:
        for price, quantity in levels:
            half.set_liquidity(price, quantity)
