"""The views of every market, kept up to date by the engine's trades."""

from binance_sim.engine import errors
from binance_sim.engine.exchange import Exchange
from binance_sim.market_data.candles import Candles


class MarketData:
    """Candles of every symbol, from the moment of its making.

    Args:
        exchange: whose markets it listens to until `close`.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._candles = {symbol: Candles(symbol) for symbol in exchange.markets()}
        for symbol, candles in self._candles.items():
            exchange.market(symbol).trade_listeners.append(candles.add)

    def candles(self, symbol: str) -> Candles:
        """Return the candles of a symbol. Raises VenueError -1121."""
        found = self._candles.get(symbol)
        if found is None:
            raise errors.invalid_symbol()
        return found

    def close(self) -> None:
        """Stop listening."""
        for symbol, candles in self._candles.items():
            self._exchange.market(symbol).trade_listeners.remove(candles.add)
