"""The use cases, one module each: a command, its footprint, its decision."""
