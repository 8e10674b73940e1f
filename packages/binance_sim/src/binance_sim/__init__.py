"""A Binance Spot venue in one process: matching engine, wire protocol, faults."""
