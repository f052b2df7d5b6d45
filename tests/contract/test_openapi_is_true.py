"""Schemathesis over the whole document, with each kind of credential: no 5xx, no answer that isn't described.

A short run with fixed examples; `FUZZ_EXAMPLES=200 ./scripts/test tests/contract` tries others, as many as one likes.
"""

import contextlib
import os
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.cast import Cast, Headers

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    allow_header_conformance,
]
_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))
# Readiness is 503 here by right: no worker runs beside these tests.
_LEFT_OUT = "^/health/ready$"
# These end the caller's own session or company, after which every other answer would be a refusal.
_LAST = ("logout", "bulk-delete", "cascade-delete", "DELETE /v1/company")
_CALLERS: dict[str, Callable[[Cast], Headers]] = {
    "nobody": lambda cast: {},
    "member": lambda cast: cast.bob.headers,
    "admin": lambda cast: cast.alice.headers,
    "super admin": lambda cast: cast.root.headers,
    "super admin for a company": lambda cast: cast.root.headers,
    "admin key": lambda cast: cast.key(cast.alice, "admin"),
    "read key": lambda cast: cast.key(cast.bob, "read"),
    "lead": lambda cast: cast.vera.headers,
}


# Slow on purpose: a thousand calls for each kind of caller.
@pytest.mark.slow
@pytest.mark.parametrize("caller", _CALLERS)
def test_every_answer_is_described(app: Flask, cast: Cast, caller: str) -> None:
    headers = _CALLERS[caller](cast)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app).exclude(path_regex=_LEFT_OUT)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 40
    for operation in sorted(operations, key=lambda each: any(word in each.label for word in _LAST)):
        _explore(operation, headers, {"company_id": str(cast.acme)} if caller.endswith("company") else {})


def _explore(operation: Any, headers: Headers, query: dict[str, str]) -> None:
    for mode in GenerationMode:

        @settings(
            max_examples=_EXAMPLES,
            deadline=None,
            derandomize="FUZZ_EXAMPLES" not in os.environ,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def explore(case: Any) -> None:
            response = case.call(headers=dict(headers), params=query)
            case.validate_response(response, checks=_CHECKS)

        with contextlib.suppress(Unsatisfiable):  # there is nothing to get wrong in this operation
            explore()
