"""One-off measurements: `python -m archive.studies.NAME`."""
