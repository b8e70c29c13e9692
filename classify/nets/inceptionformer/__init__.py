"""InceptionFormer and its relatives: multi-scale depthwise convolutions and attention stacked in four stages."""
