"""Studies of the whole road from a page to a diagnosis."""
