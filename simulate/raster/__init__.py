"""Pictures as floating-point numbers, text, and the words on pages."""
