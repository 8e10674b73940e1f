"""A day of trading in a minute: the recorded market against the platform, over HTTP."""
