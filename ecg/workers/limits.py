"""How much a process may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProcessLimits:
    """Raises ValueError for limits within which nothing can be done."""

    call_s: float = 120.0  # by the clock, for one request
    start_s: float = 300.0  # for the process to make its function
    memory_bytes: int = 8 * 2**30  # address space: the networks with a large photo need 5 GB
    calls: int = 300  # after which a process is replaced by a new one
    threads: int = 1

    def __post_init__(self) -> None:
        for name, least in (("call_s", 0.1), ("start_s", 0.1), ("memory_bytes", 2**28), ("calls", 1), ("threads", 1)):
            if not getattr(self, name) >= least:
                raise ValueError(f"{name} must be at least {least:g}, got {getattr(self, name)}")
