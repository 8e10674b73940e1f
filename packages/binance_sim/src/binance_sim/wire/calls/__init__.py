"""What the venue answers: one function per method, for REST and WebSocket API alike."""
