"""Laboratory: pretraining without labels, and what it is worth with few of them."""
