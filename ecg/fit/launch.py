"""How a training command begins and ends: the processes beside it, its errors and its code; torch comes late."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn


def launched() -> int:
    """How many processes `torchrun` started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def ended(training: Callable[[], str], wrong: int, name: str = "") -> int:
    """Run a training and print the line it gives at its end; the program's code: 0, `wrong`, or 130 when interrupted.

    What is wrong is told on stderr behind the command's `name`, or behind "error" without one.
    """
    from ecg.fit.ddp import speaks
    from ecg.fit.device import FitError

    try:
        line = training()
    except (FitError, OSError, ValueError) as error:
        print(f"{name or 'error'}: {error}", file=sys.stderr)
        return wrong
    except KeyboardInterrupt:
        told = "interrupted; --resume goes on from the last checkpoint"
        print(f"{name}: {told}" if name else told, file=sys.stderr)
        return 130
    if speaks():
        print(line)
    return 0


def finish(main: Callable[[], int]) -> NoReturn:
    """Run a training command and end the program with its code, also where it ends itself."""
    try:
        code = main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    leave(code)


def leave(code: int) -> NoReturn:
    """End the program; a team's process goes at once, as gloo's threads may abort it while Python shuts down."""
    if launched() == 1:
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
