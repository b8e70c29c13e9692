"""Which layout lies where: printed words, evidence, matching, calibration pulses."""
