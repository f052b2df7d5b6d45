"""Analytics of the API: who calls what, how it ends, how long it takes, who is limited."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.clock import now
from app.core.settings import settings
from app.core.window import Window
from app.errors import NotFound
from app.models.call_timing import TimedSubject
from app.repositories import call_figures, companies
from app.repositories.rollup_sources import NOBODY_ID
from app.security.principal import Principal
from app.services import call_sums, figures, rollups
from app.services.call_sums import Calls

_MOST_ENDPOINTS = 20
_MOST_FAILING = 10
_MOST_CALLS = 100
_COUNTS = ("requests", "client_errors", "server_errors", "rate_limited")


def overview(principal: Principal, window: Window) -> dict[str, Any]:
    """Keys and calls at a glance, with the window before for comparison."""
    of, period = _asked(principal, window)
    keys, rows = call_figures.keys(company_id=of["company_id"]), call_figures.by_caller(**of)
    totals = call_sums.total(rows)
    before = call_figures.totals(company_id=of["company_id"], window=window.before)
    working = [key for key in keys if _works(key, window.asked_at)]
    used = _by_key(rows)
    times = call_figures.times(**of, subject=TimedSubject.KEY)
    return {
        "period": period,
        "api_keys": {
            "total": len(keys),
            "active": len(working),
            "revoked": sum(key.revoked_at is not None for key in keys),
            "expired": sum(key.revoked_at is None and not _works(key, window.asked_at) for key in keys),
            "used": len(used),
            "unused": sum(key.id not in used for key in working),
        },
        **_counted(totals),
        "previous_requests": before.requests,
        "change": figures.change(totals.requests, before.requests),
        "duration_ms": _spread(totals, [each for bins in times.values() for each in bins]),
        "by_caller": by_caller(rows),
    }


def usage_trends(principal: Principal, window: Window, granularity: str) -> dict[str, Any]:
    """Calls hour by hour or day by day."""
    of, period = _asked(principal, window)
    return {"period": period, "granularity": granularity, "series": _series(of, window, granularity)}


def top_endpoints(principal: Principal, window: Window) -> dict[str, Any]:
    """What is called most."""
    of, period = _asked(principal, window)
    return {"period": period, "endpoints": _endpoints(of, _most(call_figures.endpoints(**of)))}


def key_performance(principal: Principal, window: Window) -> dict[str, Any]:
    """Each key's calls, errors and times; those that call most first, then those that don't."""
    of, period = _asked(principal, window)
    rows = _by_key(call_figures.by_caller(**of))
    times = call_figures.times(**of, subject=TimedSubject.KEY)
    shown = [
        {
            **_named(key, window.asked_at),
            **_counted(rows.get(key.id)),
            "peak_minute": rows[key.id].peak_minute if key.id in rows else 0,
            "duration_ms": _spread(rows.get(key.id), times.get(str(key.id), [])),
        }
        for key in call_figures.keys(company_id=of["company_id"])
    ]
    return {"period": period, "api_keys": sorted(shown, key=lambda each: -each["requests"])}


def error_analysis(principal: Principal, window: Window) -> dict[str, Any]:
    """What fails, where, and when."""
    of, period = _asked(principal, window)
    rows = call_figures.by_caller(**of)
    return {
        "period": period,
        **_counted(call_sums.total(rows)),
        "errors": _errors(call_figures.errors(**of)),
        "endpoints": _endpoints(of, _most_failing(call_figures.endpoints(**of))),
        "api_keys": _failing_keys(of, rows),
        "series": _series(of, window, "daily"),
    }


def rate_limit_analysis(principal: Principal, window: Window) -> dict[str, Any]:
    """Who was limited, and how near the others come to it."""
    of, period = _asked(principal, window)
    company = companies.get(of["company_id"])
    own: Mapping[str, int] = company.rate_limits if company else {}
    names = {key.id: key.name for key in call_figures.keys(company_id=of["company_id"])}
    callers, rows = [], call_figures.by_category(**of)
    for row in rows:
        limit = own.get(row.category) or getattr(settings(), f"rate_limit_{row.category}", None)
        is_key = row.api_key_id != NOBODY_ID
        callers.append(
            {
                "caller_kind": row.caller_kind,
                "api_key_id": row.api_key_id if is_key else None,
                "name": names.get(row.api_key_id),
                "category": row.category,
                "requests": row.requests,
                "rate_limited": row.rate_limited,
                "peak_minute": row.peak_minute,
                "limit": limit,
                # Of users and visitors it is what all of them together called: no share of one's limit.
                "peak_share": figures.share(row.peak_minute, limit) if is_key and limit else None,
            }
        )
    totals = call_sums.total(rows)
    return {
        "period": period,
        "requests": totals.requests,
        "rate_limited": totals.rate_limited,
        "rate_limited_share": figures.share(totals.rate_limited, totals.requests),
        "callers": callers,
        "series": _series(of, window, "daily"),
    }


def detailed_usage(principal: Principal, key_id: UUID, window: Window) -> dict[str, Any]:
    """Everything about one key of the company, with its newest calls. Raises `NotFound`."""
    of, period = _asked(principal, window)
    key = get_key(of["company_id"], key_id)
    one = {**of, "key_id": key_id}
    totals = call_figures.totals(**one)
    times = call_figures.times(**of, subject=TimedSubject.KEY, names=[str(key_id)])
    return {
        "period": period,
        "api_key": _named(key, window.asked_at),
        **_counted(totals),
        "duration_ms": _spread(totals, times.get(str(key_id), [])),
        "endpoints": _plain(_most(call_figures.endpoints(**one))),
        "errors": _errors(call_figures.errors(**one)),
        "series": _series(one, window, "daily"),
        "calls": [dict(row._mapping) for row in call_figures.last_calls(**one, most=_MOST_CALLS)],
    }


def get_key(company_id: UUID, key_id: UUID) -> Any:
    """A key of the company, whatever its state. Raises `NotFound`."""
    found = call_figures.keys(company_id=company_id, key_id=key_id)
    if not found:
        raise NotFound
    return found[0]


def by_caller(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Counts by kind of caller."""
    groups = call_sums.grouped(rows, lambda row: str(row.caller_kind))
    return [{"caller_kind": kind, **_counted(calls)} for kind, calls in groups.items()]


def _asked(principal: Principal, window: Window) -> tuple[dict[str, Any], figures.Period]:
    company_id = principal.company()
    current = rollups.refresh(company_id, window.asked_at, patient=False)
    return {"company_id": company_id, "window": window}, figures.period(window, current)


def _counted(row: Any) -> dict[str, Any]:
    counts = {name: getattr(row, name, 0) for name in _COUNTS}
    failed = counts["client_errors"] + counts["server_errors"]
    return {**counts, "error_rate": figures.share(failed, counts["requests"])}


def _spread(row: Any, bins: Sequence[tuple[int, int]]) -> figures.Times:
    return figures.spread(bins, row.duration_us / 1000 / row.requests if row and row.requests else None)


def _series(of: Mapping[str, Any], window: Window, granularity: str) -> list[dict[str, Any]]:
    found = {row.step: row for row in call_figures.series(**of, granularity=granularity)}
    steps: Sequence[Any] = window.days if granularity == "daily" else _hours(window)
    return [{"at": step, **_counted(found.get(step))} for step in steps]


def _hours(window: Window) -> list[datetime]:
    """The hours of the window up to now, by the clocks of its zone."""
    hours, at, end = [], _hour(window.start, window.zone), min(window.end, now())
    while at < end:
        hours.append(at)
        # Where clocks are set by half an hour, one hour is half as long (or half as long again) as others.
        at = _hour(at + timedelta(hours=1), window.zone)
    return hours


def _hour(at: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of the hour that a moment is in, as the SQL of the series has it."""
    return at - timedelta(minutes=at.astimezone(zone).minute)


Endpoints = dict[tuple[str, str], Calls]


def _most(rows: Sequence[Any]) -> Endpoints:
    """The endpoints that are called most."""
    return _first(rows, lambda calls: calls.requests, _MOST_ENDPOINTS)


def _most_failing(rows: Sequence[Any]) -> Endpoints:
    """Those with most errors."""
    return _first(rows, lambda calls: calls.errors, _MOST_FAILING)


def _first(rows: Sequence[Any], measure: Callable[[Calls], int], most: int) -> Endpoints:
    groups = call_sums.grouped(rows, lambda row: (row.method, row.endpoint))
    for row in rows:
        groups[row.method, row.endpoint].api_keys += row.api_key_id != NOBODY_ID
    ordered = sorted((name for name in groups if measure(groups[name])), key=lambda name: -measure(groups[name]))
    return {name: groups[name] for name in ordered[:most]}


def _plain(endpoints: Endpoints) -> list[dict[str, Any]]:
    return [
        {
            "method": method,
            "endpoint": endpoint,
            "api_keys": calls.api_keys,
            **_counted(calls),
            "duration_ms": _spread(calls, []),
        }
        for (method, endpoint), calls in endpoints.items()
    ]


def _endpoints(of: Mapping[str, Any], endpoints: Endpoints) -> list[dict[str, Any]]:
    names = [f"{method} {endpoint}" for method, endpoint in endpoints]
    times = call_figures.times(**of, subject=TimedSubject.ENDPOINT, names=names)
    shown = zip(_plain(endpoints), endpoints.values(), names, strict=True)
    return [{**each, "duration_ms": _spread(calls, times.get(name, []))} for each, calls, name in shown]


def _errors(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"status": row.status, "code": row.error_code or None, "requests": row.requests} for row in rows]


def _by_key(rows: Sequence[Any]) -> dict[UUID, Calls]:
    """Rows by caller, by key alone."""
    return call_sums.grouped((row for row in rows if row.caller_kind == "api_key"), lambda row: row.api_key_id)


def _failing_keys(of: Mapping[str, Any], rows: Sequence[Any]) -> list[dict[str, Any]]:
    names = {key.id: key.name for key in call_figures.keys(company_id=of["company_id"])}
    failing = [(key, calls) for key, calls in _by_key(rows).items() if key in names and calls.errors]
    return [
        {"api_key_id": key, "name": names[key], **_counted(calls)}
        for key, calls in sorted(failing, key=lambda each: -each[1].errors)
    ]


def _works(key: Any, at: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > at)


def _named(key: Any, at: datetime) -> dict[str, Any]:
    return {
        "id": key.id,
        "key": key.key,
        "name": key.name,
        "scopes": key.scopes,
        "active": _works(key, at),
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
    }
