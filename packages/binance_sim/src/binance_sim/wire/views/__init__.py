"""What the venue writes: engine values as JSON objects, one module per subject. Pure."""
