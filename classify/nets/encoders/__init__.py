"""The trunks of self-supervised pretraining, which a recipe may also train from nothing."""
