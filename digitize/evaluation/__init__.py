"""Laboratory: how well pages are read, beside the truth."""
