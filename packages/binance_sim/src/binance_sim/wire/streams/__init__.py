"""Market streams: names, payloads, and who listens to what."""
