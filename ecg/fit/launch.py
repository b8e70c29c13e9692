"""What a training command knows of the processes beside it before torch is there."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def launched() -> int:
    """How many processes `torchrun` started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def leave(code: int) -> NoReturn:
    """End the program; a team's process goes at once, as gloo's threads may abort it while Python shuts down."""
    if launched() == 1:
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
