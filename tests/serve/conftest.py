"""One server with the stand-in for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serve_stand_in import settings
from starlette.testclient import TestClient

from serve.app import create_app


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(settings()), base_url="http://127.0.0.1:8000") as made:
        yield made
