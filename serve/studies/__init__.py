"""One-off measurements of the server."""
