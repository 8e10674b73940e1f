"""The public tape as streams see it: every trade at once, and trades of one taker together."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

import attrs

from binance_sim.engine.events import PublicTrade
from binance_sim.engine.exchange import Exchange
from binance_sim.wire.views.streams import AggregateTrade

_KEPT: Final = 10_000


class Tape:
    """Listens to one market's trades.

    Args:
        symbol: of the market.
        hear_trade: called with each trade as it happens.
        hear_aggregate: called with trades of one taker, price and instant, once they are whole.
    """

    def __init__(
        self,
        symbol: str,
        hear_trade: Callable[[PublicTrade], None],
        hear_aggregate: Callable[[AggregateTrade], None],
    ) -> None:
        self.symbol = symbol
        self.aggregates: deque[AggregateTrade] = deque(maxlen=_KEPT)
        self._hear_trade = hear_trade
        self._hear_aggregate = hear_aggregate
        self._open: AggregateTrade | None = None
        self._last_id = 0

    def add(self, trade: PublicTrade) -> None:
        """Note a trade."""
        self._hear_trade(trade)
        found = self._open
        if found is not None and self._belongs(trade, found):
            found.quantity += trade.quantity
            found.last_trade_id = trade.trade_id
            return
        self.flush()
        self._last_id += 1
        self._open = AggregateTrade(
            symbol=trade.symbol,
            aggregate_id=self._last_id,
            price=trade.price,
            quantity=trade.quantity,
            first_trade_id=trade.trade_id,
            last_trade_id=trade.trade_id,
            traded_us=trade.traded_us,
            is_buyer_maker=trade.is_buyer_maker,
        )
        self._flush_soon()

    def flush(self) -> None:
        """Publish what has been put together."""
        found, self._open = self._open, None
        if found is not None:
            self.aggregates.append(found)
            self._hear_aggregate(found)

    def _flush_soon(self) -> None:
        try:
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:
            self.flush()  # outside of a loop a trade stands alone

    @staticmethod
    def _belongs(trade: PublicTrade, found: AggregateTrade) -> bool:
        return (trade.price, trade.traded_us, trade.is_buyer_maker) == (
            found.price,
            found.traded_us,
            found.is_buyer_maker,
        )


@attrs.define
class Tapes:
    """The tapes of every market."""

    exchange: Exchange
    by_symbol: dict[str, Tape] = attrs.Factory(dict)

    def listen(
        self,
        hear_trade: Callable[[PublicTrade], None],
        hear_aggregate: Callable[[AggregateTrade], None],
    ) -> None:
        """Begin to listen on every market."""
        for symbol, market in self.exchange.markets().items():
            tape = self.by_symbol[symbol] = Tape(symbol, hear_trade, hear_aggregate)
            market.trade_listeners.append(tape.add)

    def close(self) -> None:
        """Stop listening."""
        for symbol, tape in self.by_symbol.items():
            self.exchange.market(symbol).trade_listeners.remove(tape.add)
