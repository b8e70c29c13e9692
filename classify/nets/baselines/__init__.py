"""What InceptionFormer is compared with: residual networks and MobileNet over time, over spectrograms, over both."""
