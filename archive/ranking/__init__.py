"""Which pages a person should look at first, and what comes of it."""
