"""Laboratory: scores and their pictures."""
