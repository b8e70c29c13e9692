"""Laboratory: measurements of one question each, run as `python -m digitize.studies.NAME`."""
