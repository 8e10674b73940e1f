"""Binance Spot on the wire: REST, WebSocket API, market and user streams over the engine.

`server.serving` starts it; one port answers for all four hosts of the venue.
"""
