"""What is done to and found in signals: filters, beats, waves, and what looks wrong."""
