"""What a machine prints: paper, ink, leads, header and separators."""
