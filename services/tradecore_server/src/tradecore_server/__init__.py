"""The service: settings, composition root, run modes and the `tradecore` command."""
