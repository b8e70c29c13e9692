"""What is done to a recording before a network sees it."""
