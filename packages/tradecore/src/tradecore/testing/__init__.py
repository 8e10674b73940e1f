"""What tests of the platform, and of programs built on it, share."""
