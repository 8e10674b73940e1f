"""Pure views of the public tape: candles and statistics, fed by each trade as it happens."""
