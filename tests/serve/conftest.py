"""Servers with the stand-in: one before a client without a network, and one at an address for all files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serve_running import running
from serve_stand_in import settings
from starlette.testclient import TestClient

from serve.app import create_app


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(settings(job_s=400.0)), base_url="http://127.0.0.1:8000") as made:
        yield made


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Of a server that is patient, for a busy machine."""
    with running(settings(job_s=400.0)) as found:
        yield found
