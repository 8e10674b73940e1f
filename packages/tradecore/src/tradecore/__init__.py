"""Domain, use cases and ports of the trading platform; knows no driver and no framework."""
