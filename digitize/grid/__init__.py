"""From picture px to paper mm: the grid and what is known of it."""
