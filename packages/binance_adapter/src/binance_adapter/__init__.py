"""Binance Spot behind the ports of the library: signed requests, streams, errors, budgets."""
