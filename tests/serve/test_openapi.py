"""The interface keeps what its own description promises, whatever it is sent (schemathesis, bounded)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded

schemathesis = pytest.importorskip("schemathesis")
from schemathesis.specs.openapi import checks  # noqa: E402

EXAMPLES = 12  # of every address
KEPT = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]


@pytest.mark.slow
def test_every_address_answers_as_described(address: str) -> None:
    schema = schemathesis.openapi.from_url(f"{address}openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {operation.path for operation in operations} >= {"/v1/readings", "/v1/convert", "/v1/diagnoses"}
    for operation in operations:
        _ask(operation, address)


def _ask(operation: Any, address: str) -> None:
    @given(case=operation.as_strategy())
    @bounded(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case: Any) -> None:
        answer = case.call(base_url=address, timeout=300)
        assert answer.status_code < 500, answer.text
        case.validate_response(answer, checks=KEPT)

    ask()
