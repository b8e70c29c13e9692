"""Some of the rows of an archive: chosen, written elsewhere, shown, ranked."""
