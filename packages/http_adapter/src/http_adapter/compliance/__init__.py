"""What a compliance officer reads."""
