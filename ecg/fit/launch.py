"""The processes that a training command is one of, and how it ends among them; torch comes late."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn


def launched() -> int:
    """How many processes `torchrun` started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this is the one process that prints, also before and after the team is together."""
    return os.environ.get("RANK", "0") == "0"


def local_rank() -> int:
    """Which GPU of its machine this process takes."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def finish(main: Callable[[], int]) -> NoReturn:
    """Run a training command and end the program with its code, also where it ends itself."""
    try:
        code = main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    exit_process(code)


def exit_process(code: int) -> NoReturn:
    """End the program; a team's process goes at once, as gloo's threads may abort it while Python shuts down."""
    if launched() == 1:
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
