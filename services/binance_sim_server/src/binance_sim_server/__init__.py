"""The simulated Binance Spot as one command, `binance-sim`."""
