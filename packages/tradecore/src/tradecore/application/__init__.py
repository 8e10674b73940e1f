"""What the platform does: use cases as plain functions, and the processes that act on the world."""
