"""Which template explains what was seen: by names, by ink, and the choice between all of them."""
