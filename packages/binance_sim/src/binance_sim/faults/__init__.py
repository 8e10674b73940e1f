"""What goes wrong at the venue on purpose: seeded, by a control route or a scenario file."""
