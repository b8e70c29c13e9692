"""The error that ends a command with 1; any other ValueError means a wrong command, recipe or value, and ends it with 2."""

from __future__ import annotations


class InputError(ValueError):
    """A page, recording or file that cannot be read, is refused, or cannot be written; the message names it and why."""
