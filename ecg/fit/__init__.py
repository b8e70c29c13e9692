"""The workshop that both trainers share: recipes, seeds, run folders, checkpoints and the one training loop."""
