"""The shipped weights and their cards: files only, read by `digitize.nets.pretrained`."""
