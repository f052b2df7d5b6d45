"""Figures about calls of the API."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.window import Window
from app.repositories import facts
from app.repositories.rollup_sources import CALLS

_MEASURES = ("requests", "client_errors", "server_errors", "rate_limited")
_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in _MEASURES)
_TOTALS = facts.statement(CALLS, _SUMS)


def totals(*, company_id: UUID, window: Window) -> Row[Any]:
    """(requests, client_errors, server_errors, rate_limited) of every caller."""
    return facts.read(_TOTALS, company_id, window)[0]
