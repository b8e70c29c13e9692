"""What ends a training."""


class FitError(ValueError):
    """Training that cannot go on (a loss that is not a number, a metric that is not there, no such device)."""
