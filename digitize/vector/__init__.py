"""Pages that draw their own curves (PDF)."""
