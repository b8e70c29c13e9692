"""The table of an archive: its place, its manifest, its rows."""
