"""A pure, synchronous, deterministic Binance Spot: books, matching, balances, filters, history.

Imports attrs and the standard library only. `Exchange` is the door.
"""
