"""What runs the networks, and the engine that does without."""
