"""Laboratory: one reader for each collection of recordings."""
