"""PostgreSQL behind the ports of tradecore: store, queries, outbox, migrations, embedded server."""
