"""Networks that read the recording as a sequence: of samples, segments, windows, patches or tokens of two scales."""
