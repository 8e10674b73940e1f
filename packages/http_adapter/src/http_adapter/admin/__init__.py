"""What an administrator does: accounts, funding, limits, fees, freezes, instruments."""
