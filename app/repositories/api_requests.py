"""Records of authenticated calls."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import delete, select, text

from app.core.transaction import session
from app.models.api_request import ApiRequest
from app.repositories.changes import changed_rows


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One authenticated call. `duration_ms` is the time in the application, without the network."""

    id: UUID
    company_id: UUID | None
    created_at: datetime
    caller_kind: str
    caller_id: UUID
    api_key_id: UUID | None
    method: str
    endpoint: str
    status: int
    error_code: str | None
    duration_ms: float
    category: str
    # What the route asks of its callers; None where any credential will do.
    scope: str | None
    resource: str | None
    ip: str | None
    request_id: str | None


_COLUMNS = ", ".join(field.name for field in fields(CallRecord))
# As one JSON text: writing a record must cost the process that answers requests next to nothing (a list of
# parameters costs ten times as much), and COPY is not to be had under row-level security.
_ADD_ALL = text(
    f"INSERT INTO api_requests ({_COLUMNS}) SELECT {_COLUMNS} "  # noqa: S608 - the names of our own fields
    "FROM json_populate_recordset(CAST(NULL AS api_requests), CAST(:records AS json))"
)
_DELETED_AT_ONCE = 50_000
# The key or company of a call may be gone by the time its record is written; such records go with them.
_TOUCH_KEYS = text(
    "UPDATE api_keys SET last_used_at = GREATEST(last_used_at, used.at), use_count = use_count + used.n "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:ats AS timestamptz[]), CAST(:ns AS int[])) AS used (id, at, n) "
    "WHERE api_keys.id = used.id"
)


def add_all_across_companies(records: Sequence[CallRecord]) -> None:
    """Writes a batch of many companies' calls in one statement, and the last use of their keys in another."""
    session().execute(_ADD_ALL, {"records": orjson.dumps(records).decode()})
    used: dict[UUID, list[CallRecord]] = {}
    for record in records:
        if record.api_key_id:
            used.setdefault(record.api_key_id, []).append(record)
    if used:
        session().execute(
            _TOUCH_KEYS,
            {
                "ids": [str(key) for key in used],
                "ats": [max(call.created_at for call in calls) for calls in used.values()],
                "ns": [len(calls) for calls in used.values()],
            },
        )


def delete_before_across_companies(moment: datetime) -> int:
    """Forgets old calls, the oldest first and so many that it takes seconds; the next run goes on. Returns how many."""
    oldest = select(ApiRequest.id).where(ApiRequest.created_at < moment).order_by(ApiRequest.created_at)
    return changed_rows(delete(ApiRequest).where(ApiRequest.id.in_(oldest.limit(_DELETED_AT_ONCE))))
