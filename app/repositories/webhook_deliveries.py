"""Deliveries of events: queued with the event, claimed by a conditional update, stored by attempt.

Only the first unfinished event of a stream (a conversation, say) can be claimed, so that order is kept; those behind
it are not looked at before it is due, however many they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from json import dumps as json
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.core.transaction import session
from app.models.webhook_event import WebhookEvent
from app.repositories.changes import changed_rows

_QUEUE = text(
    """
    INSERT INTO webhook_deliveries (id, company_id, webhook_id, event_id, event_type, stream_id, position,
        due_at, created_at, updated_at)
    SELECT new.id, :company, new.webhook_id, :event, :type, :stream, :position,
        greatest(:at, (SELECT max(earlier.due_at) FROM webhook_deliveries earlier WHERE earlier.company_id = :company
            AND earlier.webhook_id = new.webhook_id AND earlier.stream_id = :stream AND earlier.status = 'pending')),
        :at, :at
    FROM unnest(CAST(:ids AS uuid[]), CAST(:webhooks AS uuid[])) AS new(id, webhook_id)
    """
)
# The first of each stream is looked up row by row, in the order of the index: as a join it would be made of everything
# that waits, which took 420 ms for 100,000 events.
_CLAIM = text(
    """
    UPDATE webhook_deliveries mine SET status = 'sending', attempt = mine.attempt + 1, tries = mine.tries + 1,
        due_at = :lease_end, updated_at = :moment
    FROM webhook_events event
    WHERE mine.company_id = :company AND event.company_id = :company AND event.id = mine.event_id
        AND (SELECT count(*) FROM webhook_deliveries other WHERE other.company_id = :company
            AND other.webhook_id = :webhook AND other.status = 'sending' AND other.due_at > :moment) < :most
        AND mine.id = (SELECT due.id FROM webhook_deliveries due
            WHERE due.company_id = :company AND due.webhook_id = :webhook
                AND due.status IN ('pending', 'sending') AND due.due_at <= :moment
                AND due.position = (SELECT first.position FROM webhook_deliveries first
                    WHERE first.company_id = :company AND first.webhook_id = :webhook
                        AND first.stream_id = due.stream_id AND first.status IN ('pending', 'sending')
                    ORDER BY first.position LIMIT 1)
            ORDER BY due.due_at, due.position LIMIT 1)
    RETURNING mine.id, mine.attempt, mine.tries, mine.stream_id, mine.failing_since,
        event.id AS event_id, event.type, event.occurred_at, event.data
    """
)
_CLAIM_ONE = text(
    """
    UPDATE webhook_deliveries mine SET status = 'sending', attempt = mine.attempt + 1, tries = mine.tries + 1,
        due_at = :lease_end, updated_at = :moment
    FROM webhook_events event
    WHERE mine.company_id = :company AND event.company_id = :company AND event.id = mine.event_id
        AND mine.webhook_id = :webhook AND mine.id = :delivery AND mine.status = 'pending'
    RETURNING mine.id, mine.attempt, mine.tries, mine.stream_id, mine.failing_since,
        event.id AS event_id, event.type, event.occurred_at, event.data
    """
)
_MINE = "company_id = :company AND id = :delivery AND attempt = :attempt AND status = 'sending'"
_FINISH = text(
    f"""
    UPDATE webhook_deliveries SET status = :status, due_at = :due_at, finished_at = :finished_at,
        failing_since = :failing_since, response_status = :response_status, response_body = :response_body,
        duration_ms = :duration_ms, error_code = :error_code, error = :error, updated_at = :at,
        attempts = CASE WHEN jsonb_array_length(attempts) < :most_attempts THEN attempts ELSE attempts - 0 END
            || CAST(:entry AS jsonb)
    WHERE {_MINE}
    """  # noqa: S608 - nothing of a caller's is in it
)
# Those behind a failed one are not looked at before it is tried again.
_POSTPONE = text(
    """
    UPDATE webhook_deliveries SET due_at = :due_at WHERE company_id = :company AND webhook_id = :webhook
        AND stream_id = :stream AND status = 'pending' AND due_at < :due_at
    """
)
_BRING_FORWARD = text(
    """
    UPDATE webhook_deliveries SET due_at = :at WHERE company_id = :company AND status = 'pending' AND due_at > :at
        AND id = (SELECT next.id FROM webhook_deliveries next WHERE next.company_id = :company
            AND next.webhook_id = :webhook AND next.stream_id = :stream AND next.status IN ('pending', 'sending')
            ORDER BY next.position LIMIT 1)
    """
)
_QUEUE_AGAIN = """
    UPDATE webhook_deliveries SET status = 'pending', tries = 0, failing_since = NULL, finished_at = NULL,
        due_at = :at, updated_at = :at
    WHERE company_id = :company AND webhook_id = :webhook AND status {states} {narrowed}
"""
_ONE = text(_QUEUE_AGAIN.format(states="<> 'sending'", narrowed="AND id = :delivery"))
_WAITING = text(_QUEUE_AGAIN.format(states="= 'pending'", narrowed=""))
_FAILED = text(_QUEUE_AGAIN.format(states="= 'failed'", narrowed="AND created_at >= :since AND created_at <= :until"))


@dataclass(frozen=True)
class Claim:
    """A delivery that is ours until its lease runs out."""

    delivery_id: UUID
    company_id: UUID
    webhook_id: UUID
    attempt: int
    tries: int
    stream_id: UUID
    failing_since: datetime | None
    event_id: UUID
    type: str
    occurred_at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Result:
    """How an attempt went, and what the delivery is from now on."""

    status: str
    at: datetime
    due_at: datetime
    failing_since: datetime | None = None
    response_status: int | None = None
    response_body: str | None = None
    duration_ms: int | None = None
    error_code: str | None = None
    error: str | None = None


_MOST_ATTEMPTS_KEPT = 20


def queue(*, company_id: UUID, event: WebhookEvent, ids: Sequence[UUID], webhook_ids: Sequence[UUID]) -> None:
    """Queues an event for webhooks: `ids` are those of the deliveries."""
    values = {
        "company": company_id,
        "event": event.id,
        "type": event.type,
        "stream": event.stream_id,
        "position": event.position,
        "at": event.occurred_at,
        "ids": [str(each) for each in ids],
        "webhooks": [str(each) for each in webhook_ids],
    }
    session().execute(_QUEUE, values)


def claim(*, company_id: UUID, webhook_id: UUID, at: datetime, lease: timedelta, most: int) -> Claim | None:
    """Takes the next due delivery of a webhook that the transaction has locked; None when there is none, or `most` are
    under way."""
    values = {"company": company_id, "webhook": webhook_id, "moment": at, "lease_end": at + lease, "most": most}
    row = session().execute(_CLAIM, values).first()
    if row is None:
        return None
    return Claim(row.id, company_id, webhook_id, *row[1:])


def claim_one(*, company_id: UUID, webhook_id: UUID, delivery_id: UUID, at: datetime, lease: timedelta) -> Claim:
    """Takes a delivery that was just queued by the same transaction, whatever else waits."""
    moments = {"moment": at, "lease_end": at + lease}
    row = (
        session()
        .execute(_CLAIM_ONE, {"company": company_id, "webhook": webhook_id, "delivery": delivery_id, **moments})
        .one()
    )
    return Claim(row.id, company_id, webhook_id, *row[1:])


def finish(claim: Claim, result: Result) -> bool:
    """Stores how an attempt went. False when the delivery isn't this attempt's any more."""
    shown = {
        "at": result.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "status": result.response_status,
        "error_code": result.error_code,
        "duration_ms": result.duration_ms,
    }
    values = {
        "company": claim.company_id,
        "delivery": claim.delivery_id,
        "attempt": claim.attempt,
        "status": result.status,
        "at": result.at,
        "due_at": result.due_at,
        "finished_at": None if result.status == "pending" else result.at,
        "failing_since": result.failing_since,
        "response_status": result.response_status,
        "response_body": result.response_body,
        "duration_ms": result.duration_ms,
        "error_code": result.error_code,
        "error": result.error,
        "entry": json([shown]),
        "most_attempts": _MOST_ATTEMPTS_KEPT,
    }
    return changed_rows(_FINISH, values) == 1


def postpone_stream(claim: Claim, due_at: datetime) -> None:
    """Has those behind a failed delivery wait as long as it does."""
    changed_rows(_POSTPONE, {**_stream(claim), "due_at": due_at})


def bring_stream_forward(claim: Claim, at: datetime) -> None:
    """Makes the next delivery of a stream due."""
    changed_rows(_BRING_FORWARD, {**_stream(claim), "at": at})


def queue_again(*, company_id: UUID, webhook_id: UUID, delivery_id: UUID, at: datetime) -> bool:
    """Has a delivery tried again from now on, whatever became of it. False while it is under way."""
    values = {"company": company_id, "webhook": webhook_id, "delivery": delivery_id, "at": at}
    return changed_rows(_ONE, values) == 1


def queue_waiting_again(*, company_id: UUID, webhook_id: UUID, at: datetime) -> int:
    """Has what waits tried from now on, as if for the first time; returns how many."""
    return changed_rows(_WAITING, {"company": company_id, "webhook": webhook_id, "at": at})


def queue_failed_again(*, company_id: UUID, webhook_id: UUID, since: datetime, until: datetime, at: datetime) -> int:
    """Has what was given up, of the events of that time, tried again; returns how many."""
    values = {"company": company_id, "webhook": webhook_id, "since": since, "until": until, "at": at}
    return changed_rows(_FAILED, values)


def _stream(claim: Claim) -> dict[str, UUID]:
    return {"company": claim.company_id, "webhook": claim.webhook_id, "stream": claim.stream_id}
