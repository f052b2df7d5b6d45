"""Exports: rows of what the analytics count, at any size in constant memory.

A batch is a transaction of its own: a client that reads slowly holds no connection to Postgres.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core.ids import PLATFORM
from app.core.tenancy import enter_company
from app.core.transaction import transaction
from app.core.window import Window
from app.errors import Forbidden
from app.models.audit_entry import RiskLevel
from app.repositories import agent_figures, export_rows
from app.security.principal import Principal
from app.security.scopes import Resource, Scope
from app.services import audit, figures, periods, rollups, usage_analytics
from app.services.audit import Event

_BATCH = 500
# Spreadsheets take what begins like this for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Fetch = Callable[..., Sequence[Any]]


class ExportType(StrEnum):
    """What is exported: a row for each of them; for `usage` one for each day."""

    CONVERSATIONS = "conversations"
    LEADS = "leads"
    AGENTS = "agents"
    USAGE = "usage"


class ExportFormat(StrEnum):
    """How."""

    JSON = "json"
    CSV = "csv"


# A key that may read analytics but not leads doesn't get leads by exporting them.
_NEEDS = {
    ExportType.CONVERSATIONS: Resource.CONVERSATIONS,
    ExportType.LEADS: Resource.LEADS,
    ExportType.AGENTS: Resource.AGENTS,
    ExportType.USAGE: Resource.ANALYTICS,
}
_SPENT = ("model_calls", "input_tokens", "output_tokens", "cost")
_DID = ("conversations", "visitor_messages", "agent_messages", "turns", "answered", "refused", "small_talk", "failed")
_OPINIONS = ("handovers_offered", "feedback_up", "feedback_down")
_TIMES = ("response_ms_p50", "response_ms_p95", "first_token_ms_p50", "first_token_ms_p95")
_COLUMNS = {
    ExportType.CONVERSATIONS: (
        *("id", "agent_id", "agent_name", "lead_id", "user_id", "status", "title", "created_at", "last_message_at"),
        *("visitor_messages", "agent_messages", "feedback_up", "feedback_down", "turns", "answered", "refused"),
        *("small_talk", "failed", "input_tokens", "output_tokens", "cost"),
    ),
    ExportType.LEADS: (
        *("id", "first_name", "last_name", "email", "phone", "source", "status", "agent_id", "agent_name", "language"),
        *("page", "consent_marketing", "consent_data_processing", "created_at", "updated_at", "conversations"),
    ),
    ExportType.AGENTS: ("agent_id", "name", "deleted", *_DID, *_OPINIONS, *_TIMES, *_SPENT),
    ExportType.USAGE: ("date", *_DID, "requests", "client_errors", "server_errors", "rate_limited", *_SPENT),
}


@dataclass(frozen=True)
class Export:
    """An export under way. `pieces` is read once, and reads the database meanwhile."""

    name: str
    content_type: str
    pieces: Iterator[bytes]


def start(
    principal: Principal,
    *,
    type: ExportType,
    format: ExportFormat,
    start_date: date | datetime | None = None,
    end_date: date | datetime | None = None,
    timezone: str | None = None,
) -> Export:
    """Notes the export in the audit log and begins it. Call it without a transaction. Raises `Forbidden` for a key
    that may not read what is exported."""
    company_id = principal.company()
    if not principal.allows(Scope.READ, _NEEDS[type]):
        raise Forbidden(f"This needs the scope read on {_NEEDS[type]}.")
    with transaction():
        enter_company(company_id)
        window = periods.between(principal, start_date=start_date, end_date=end_date, timezone=timezone)
        personal = type in {ExportType.CONVERSATIONS, ExportType.LEADS}
        audit.record(
            Event.ANALYTICS_EXPORTED,
            "analytics",
            type,
            company_id=company_id,
            by=principal,
            after={"type": type, "format": format, "start": window.start, "end": window.end},
            risk=RiskLevel.HIGH if personal else RiskLevel.MEDIUM,
        )
    rows, columns = _rows(type, company_id, window), _COLUMNS[type]
    name = f"{type}-{window.days[0]}-{window.days[-1]}.{format}"
    if format is ExportFormat.CSV:
        return Export(name, "text/csv; charset=utf-8", _as_csv(rows, columns))
    return Export(name, "application/json", _as_json(rows, columns, type, window))


def _rows(type: ExportType, company_id: UUID, window: Window) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Batches of rows."""
    if type is ExportType.CONVERSATIONS:
        return _batches(export_rows.conversations, company_id, window)
    if type is ExportType.LEADS:
        return _batches(export_rows.leads, company_id, window)
    return _figures(type, company_id, window)


def _batches(fetch: Fetch, company_id: UUID, window: Window) -> Iterator[Sequence[Mapping[str, Any]]]:
    after = (window.start, PLATFORM)
    while True:
        with transaction():
            enter_company(company_id)
            rows = fetch(company_id=company_id, after=after, end=window.end, most=_BATCH)
        if rows:
            yield [row._mapping for row in rows]
        if len(rows) < _BATCH:
            return
        after = (rows[-1].created_at, rows[-1].id)


def _figures(type: ExportType, company_id: UUID, window: Window) -> Iterator[Sequence[Mapping[str, Any]]]:
    of = {"company_id": company_id, "window": window}
    # A file doesn't say that it is behind.
    rollups.catch_up(company_id, window.asked_at)
    with transaction():
        enter_company(company_id)
        rows = _agents(of) if type is ExportType.AGENTS else usage_analytics.daily(of)
    yield [{**row, **_spent(row["models"])} for row in rows]


def _agents(of: dict[str, Any]) -> list[dict[str, Any]]:
    did = agent_figures.by_agent(**of)
    times: dict[UUID, list[Any]] = {}
    for row in agent_figures.times_by_agent(**of):
        times.setdefault(row.agent_id, []).append(row)
    return [
        {**row, **_answered(did.get(row["agent_id"]), times.get(row["agent_id"], []))}
        for row in usage_analytics.agents(of)
    ]


def _answered(did: Any, times: Sequence[Any]) -> dict[str, Any]:
    if did is None:
        return {**dict.fromkeys(_OPINIONS, 0), **dict.fromkeys(_TIMES)}
    answers = figures.answers(did, times)
    spreads = (answers.response_ms.p50, answers.response_ms.p95, answers.first_token_ms.p50, answers.first_token_ms.p95)
    return {**{name: getattr(did, name) for name in _OPINIONS}, **dict(zip(_TIMES, spreads, strict=True))}


def _spent(costs: Sequence[Any]) -> dict[str, Any]:
    return {
        "model_calls": sum(each.calls for each in costs),
        "input_tokens": sum(each.input_tokens for each in costs),
        "output_tokens": sum(each.output_tokens for each in costs),
        "cost": "; ".join(f"{each.cost:.8f} {each.currency}" for each in costs) or None,
    }


def _as_csv(batches: Iterable[Sequence[Mapping[str, Any]]], columns: Sequence[str]) -> Iterator[bytes]:
    """RFC 4180, with a line of names."""
    yield _lines([columns])
    for batch in batches:
        yield _lines([_cell(row[name]) for name in columns] for row in batch)


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def _cell(value: Any) -> Any:
    plain = _plain(value)
    if isinstance(plain, str) and plain.startswith(_FORMULA):
        return f"'{plain}"
    return "" if plain is None else str(plain).lower() if isinstance(plain, bool) else plain


def _as_json(
    batches: Iterable[Sequence[Mapping[str, Any]]], columns: Sequence[str], type: ExportType, window: Window
) -> Iterator[bytes]:
    """`{"type", "start", "end", "timezone", "items": [...]}`."""
    head = {"type": type, "start": window.start, "end": window.end, "timezone": window.zone.key}
    yield json.dumps({name: _plain(value) for name, value in head.items()})[:-1].encode() + b', "items": ['
    first = True
    for batch in batches:
        texts = [json.dumps({name: _plain(row[name]) for name in columns}, ensure_ascii=False) for row in batch]
        if texts:
            yield (("" if first else ",\n") + ",\n".join(texts)).encode()
            first = False
    yield b"]}\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date | UUID | Decimal | StrEnum):
        return str(value)
    return value
