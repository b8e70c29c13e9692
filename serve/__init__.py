"""The page in the browser, and the same over HTTP: pages and recordings in, readings, diagnoses and files out."""
