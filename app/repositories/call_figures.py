"""Figures about calls of the API: of one key, of all keys, or of every caller."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.transaction import session
from app.core.window import Window
from app.repositories import facts
from app.repositories.rollup_sources import CALL_TIMINGS, CALLS, ENDPOINTS

_MEASURES = ("requests", "client_errors", "server_errors", "rate_limited")
_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in _MEASURES)
_TIMED = f"{_SUMS}, coalesce(sum(duration_us), 0)::bigint AS duration_us"
_OF_KEY = "AND (CAST(:key AS uuid) IS NULL OR api_key_id = :key)"
_TOTALS = facts.statement(CALLS, _TIMED, _OF_KEY)
_BY_CALLER = facts.statement(
    CALLS, f"caller_kind, api_key_id, {_TIMED}, max(peak_minute) AS peak_minute", "GROUP BY 1, 2 ORDER BY 1, 2"
)
_BY_CATEGORY = facts.statement(
    CALLS,
    f"api_key_id, caller_kind, category, {_SUMS}, max(peak_minute) AS peak_minute",
    "GROUP BY 1, 2, 3 ORDER BY rate_limited DESC, peak_minute DESC, 1, 2, 3",
)
_STEPS = {
    "daily": "(at AT TIME ZONE :zone)::date",
    # An hour of the zone: where clocks are set back one hour comes twice, and stays two. Not date_trunc, which finds no
    # beginning for an hour that clocks are set into by half.
    "hourly": "at - make_interval(mins => extract(minute FROM at AT TIME ZONE :zone)::int)",
}
# By quarter of an hour first: there are thirty rows of each, and telling a zone's day takes longer than adding one up.
_QUARTERS = facts.statement(CALLS, f"at, {_TIMED}", f"{_OF_KEY} GROUP BY 1").text
_SERIES = {
    name: text(f"SELECT {step} AS step, {_TIMED} FROM ({_QUARTERS}) AS quarters GROUP BY 1 ORDER BY 1")  # noqa: S608
    for name, step in _STEPS.items()
}
# By key first: DISTINCT would sort every row.
_PER_KEY = """sum(requests)::bigint AS requests,
    coalesce(sum(requests) FILTER (WHERE status BETWEEN 400 AND 499), 0)::bigint AS client_errors,
    coalesce(sum(requests) FILTER (WHERE status >= 500), 0)::bigint AS server_errors,
    coalesce(sum(requests) FILTER (WHERE status = 429), 0)::bigint AS rate_limited,
    sum(duration_us)::bigint AS duration_us"""
_BY_ENDPOINT = facts.statement(
    ENDPOINTS, f"method, endpoint, api_key_id, {_PER_KEY}", f"{_OF_KEY} GROUP BY 1, 2, 3 ORDER BY 2, 1, 3"
)
_ERRORS = facts.statement(
    ENDPOINTS,
    "status, error_code, sum(requests)::bigint AS requests",
    f"AND status >= 400 {_OF_KEY} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
)
_NEEDS = facts.statement(
    ENDPOINTS,
    "scope, resource, sum(requests)::bigint AS requests, "
    "coalesce(sum(requests) FILTER (WHERE status = 403), 0)::bigint AS refused",
    "AND api_key_id = :key GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
)
_TIMES = facts.statement(
    CALL_TIMINGS,
    "name, bin, sum(times)::bigint AS times",
    "AND subject = :subject AND (CAST(:names AS text[]) IS NULL OR name = ANY(CAST(:names AS text[]))) GROUP BY 1, 2",
)
_LAST = text(
    """
    SELECT created_at, method, endpoint, status, error_code, duration_ms, ip, request_id FROM api_requests
    WHERE company_id = :company AND api_key_id = :key AND created_at >= :start AND created_at < :end
    ORDER BY created_at DESC, id DESC LIMIT :most
    """
)
_KEYS = text(
    """
    SELECT k.id, k.key, k.name, k.scopes, k.permissions, k.created_by, k.created_at, k.expires_at, k.revoked_at,
        k.last_used_at, k.use_count
    FROM api_keys k WHERE k.company_id = :company AND (CAST(:key AS uuid) IS NULL OR k.id = :key)
    ORDER BY k.created_at, k.id
    """
)


def totals(*, company_id: UUID, window: Window, key_id: UUID | None = None) -> Row[Any]:
    """(requests, client_errors, server_errors, rate_limited, duration_us) of every caller or of one key."""
    return facts.read(_TOTALS, company_id, window, key=key_id)[0]


def by_caller(*, company_id: UUID, window: Window) -> Sequence[Row[Any]]:
    """The same by (caller_kind, api_key_id), with the most calls in one minute (of one category)."""
    return facts.read(_BY_CALLER, company_id, window)


def by_category(*, company_id: UUID, window: Window) -> Sequence[Row[Any]]:
    """Counts by (api_key_id, caller_kind, category) with `peak_minute`, those that were limited most often first."""
    return facts.read(_BY_CATEGORY, company_id, window)


def series(*, company_id: UUID, window: Window, granularity: str, key_id: UUID | None = None) -> Sequence[Row[Any]]:
    """Counts by `step`: the day (`daily`) or the hour's beginning (`hourly`); steps without a call are left out."""
    return facts.read(_SERIES[granularity], company_id, window, key=key_id)


def endpoints(*, company_id: UUID, window: Window, key_id: UUID | None = None) -> Sequence[Row[Any]]:
    """Counts and `duration_us` by (method, endpoint, api_key_id), the endpoints in order; few hundred rows."""
    return facts.read(_BY_ENDPOINT, company_id, window, key=key_id)


def errors(*, company_id: UUID, window: Window, key_id: UUID | None = None) -> Sequence[Row[Any]]:
    """(status, error_code, requests) of calls that failed, the commonest first; '' for no code."""
    return facts.read(_ERRORS, company_id, window, key=key_id)


def needs(*, company_id: UUID, window: Window, key_id: UUID) -> Sequence[Row[Any]]:
    """(scope, resource, requests, refused) of what the called routes ask; '' where they ask nothing."""
    return facts.read(_NEEDS, company_id, window, key=key_id)


def times(
    *, company_id: UUID, window: Window, subject: str, names: Sequence[str] | None = None
) -> dict[str, list[tuple[int, int]]]:
    """Histograms (bin, times) by the name of the subject: a key's id, or method and endpoint."""
    found: dict[str, list[tuple[int, int]]] = {}
    for row in facts.read(_TIMES, company_id, window, subject=subject, names=None if names is None else list(names)):
        found.setdefault(row.name, []).append((row.bin, row.times))
    return found


def last_calls(*, company_id: UUID, window: Window, key_id: UUID, most: int) -> Sequence[Row[Any]]:
    """A key's newest calls."""
    values = {"company": company_id, "key": key_id, "start": window.start, "end": window.end, "most": most}
    return session().execute(_LAST, values).all()


def keys(*, company_id: UUID, key_id: UUID | None = None) -> Sequence[Row[Any]]:
    """The company's keys, or one of them; revoked and expired ones, too."""
    return session().execute(_KEYS, {"company": company_id, "key": key_id}).all()
