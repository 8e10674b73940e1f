"""Bytes on the bus: the envelope, the payloads and how they are written."""
