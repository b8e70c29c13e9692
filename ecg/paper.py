"""What ECG paper has in common everywhere: speeds, gains, the grid and the calibration pulse."""

from __future__ import annotations

USUAL_MM_PER_S, USUAL_MM_PER_MV = 25.0, 10.0
SPEEDS_MM_PER_S = (12.5, 25.0, 50.0)
GAINS_MM_PER_MV = (2.5, 5.0, 10.0, 20.0, 40.0)
PULSE_GAINS_MM_PER_MV = (5.0, 10.0, 20.0)  # that a pulse in a picture may tell: a smaller one was seen in part
MIN_SCALE, MAX_SCALE = 1.0, 200.0  # of a speed in mm/s and of a gain in mm/mV that can be meant
LINE_MM, FINE_LINE_MM = 5.0, 1.0  # between two thick lines of the grid, and between two thin ones
PULSE_MV, PULSE_S = 1.0, 0.2  # the calibration pulse, a rectangle
