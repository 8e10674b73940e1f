"""What awaits: effects on the world, each reporting back with a command."""
