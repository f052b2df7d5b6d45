"""Figures about leads."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.window import Window
from app.repositories import facts
from app.repositories.rollup_sources import LEADS

_SUMS = "sum(leads)::bigint AS leads, sum(conversed)::bigint AS conversed"
_BY_STATUS = facts.statement(LEADS, f"status, {_SUMS}", "GROUP BY 1 ORDER BY 1")
_BY_SOURCE = facts.statement(
    LEADS,
    f"source, {_SUMS}, coalesce(sum(leads) FILTER (WHERE status = 'converted'), 0)::bigint AS converted",
    "GROUP BY 1 ORDER BY 2 DESC, 1",
)
_BY_AGENT = facts.statement(LEADS, f"agent_id, {_SUMS}", "GROUP BY 1")
_BY_DAY = facts.statement(
    LEADS,
    f"(at AT TIME ZONE :zone)::date AS day, {_SUMS}, "
    "coalesce(sum(leads) FILTER (WHERE status = 'converted'), 0)::bigint AS converted",
    "GROUP BY 1 ORDER BY 1",
)


def by_status(*, company_id: UUID, window: Window) -> Sequence[Row[Any]]:
    """(status, leads, conversed) of the leads that came in the window, by their present status."""
    return facts.read(_BY_STATUS, company_id, window)


def by_source(*, company_id: UUID, window: Window) -> Sequence[Row[Any]]:
    """(source, leads, conversed, converted), the source with most leads first."""
    return facts.read(_BY_SOURCE, company_id, window)


def by_agent(*, company_id: UUID, window: Window) -> Sequence[Row[Any]]:
    """(agent_id, leads, conversed); the nil UUID for leads of no agent."""
    return facts.read(_BY_AGENT, company_id, window)


def by_day(*, company_id: UUID, window: Window) -> Sequence[Row[Any]]:
    """(day, leads, conversed, converted) by day of the window's zone, in order."""
    return facts.read(_BY_DAY, company_id, window)
