"""What a server is told when it starts: where it listens, who may ask, and how much anybody may ask for."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
TOKEN_VARIABLE = "GALVANO_TOKEN"
MIN_TOKEN = 16  # letters, below which a token can be guessed


@dataclass(frozen=True)
class Limits:
    """How much a request and a job may ask for."""

    body_bytes: int = 64 * 2**20  # of a request, all of its parts together
    files: int = 10  # a request
    pages: int = 20  # of one PDF or TIFF
    pixels: float = 100e6  # of one picture, before it is decoded
    job_s: float = 60.0  # by the clock, for one page or one recording
    start_s: float = 180.0  # for a worker to load its networks
    memory_bytes: int = 8 * 2**30  # address space of a worker; the networks with a large photo need 5 GB
    waiting: int = 64  # jobs that wait for a worker; more are turned away
    jobs_a_worker: int = 500  # after which a worker is replaced by a new one
    retry_after_s: int = 5


@dataclass(frozen=True)
class Settings:
    """Raises ValueError for a host that others can reach without a token."""

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    workers: int = 0  # that read pages; 0: one for every two cores
    engine: str = "torch"
    loader: str = "digitize.engines:load_digitizer"  # what gives the digitizer: module:function(device, engine)
    limits: Limits = field(default_factory=Limits)
    queue: Path | None = None  # the list of pages that the page opens with

    def __post_init__(self) -> None:
        if self.token is not None and len(self.token) < MIN_TOKEN:
            raise ValueError(f"the token has {len(self.token)} letters; expected {MIN_TOKEN} or more")
        if self.token is None and not self.is_loopback:
            raise ValueError(
                f"--host {self.host} can be reached by others: give a token of {MIN_TOKEN} letters or more with "
                f"--token or in {TOKEN_VARIABLE}"
            )
        if not 0 <= self.port < 65536:
            raise ValueError(f"--port must lie between 0 and 65535, got {self.port}")
        if not 0 <= self.workers <= 64:
            raise ValueError(f"--workers must lie between 0 (one for every two cores) and 64, got {self.workers}")

    @property
    def is_loopback(self) -> bool:
        if self.host in LOOPBACK_NAMES:
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def reader_count(self) -> int:
        return self.workers or max(1, (os.cpu_count() or 1) // 2)

    @property
    def threads(self) -> int:
        """What each worker may use of the machine's cores, unless OMP_NUM_THREADS says less."""
        share = max(1, (os.cpu_count() or 1) // self.reader_count)
        told = os.environ.get("OMP_NUM_THREADS", "")
        return min(share, max(1, int(told))) if told.isdigit() else share

    @property
    def allowed_hosts(self) -> list[str]:
        """The names that a request may be addressed to; a server for others is protected by its token."""
        return [*LOOPBACK_NAMES, self.host] if self.is_loopback else ["*"]
