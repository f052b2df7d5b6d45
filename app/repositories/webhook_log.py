"""Reading and forgetting of webhooks' events and deliveries."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, select

from app.core.paging import Page, PageRequest, Pagination
from app.core.transaction import session
from app.models.webhook_delivery import WebhookDelivery
from app.models.webhook_event import WebhookEvent
from app.repositories.changes import changed_rows


@dataclass(frozen=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries: `since` and `until` are of the event."""

    status: str | None = None
    event_type: str | None = None
    stream_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def add_event(event: WebhookEvent) -> None:
    """Writes an event; its position is known afterwards."""
    session().add(event)
    session().flush()


def get(*, company_id: UUID, webhook_id: UUID, delivery_id: UUID) -> Row[WebhookDelivery, str, datetime] | None:
    """A delivery, with its event's type and time."""
    statement = _select(company_id, webhook_id).where(WebhookDelivery.id == delivery_id)
    return session().execute(statement, execution_options={"populate_existing": True}).first()


def find_page(
    *, company_id: UUID, webhook_id: UUID, matching: DeliveryFilter, wanted: PageRequest
) -> Page[Row[WebhookDelivery, str, datetime]]:
    """The deliveries of a webhook, the newest first."""
    # Events are only looked at for the page itself: the log of a busy webhook is long.
    found = _matching(company_id, webhook_id, matching)
    skipped = (wanted.page - 1) * wanted.per_page
    ids = found.order_by(WebhookDelivery.id.desc()).limit(wanted.per_page).offset(skipped)
    page = _select(company_id, webhook_id).where(WebhookDelivery.id.in_(ids)).order_by(WebhookDelivery.id.desc())
    total = session().scalar(found.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    return Page(session().execute(page).all(), Pagination(wanted.page, wanted.per_page, total))


def delete_before_across_companies(moment: datetime, limit: int) -> int:
    """Forgets events, with their deliveries, that happened before a moment, `limit` at most; returns how many."""
    oldest = (
        select(WebhookEvent.id)
        .where(WebhookEvent.occurred_at < moment)
        .order_by(WebhookEvent.occurred_at)
        .limit(limit)
        .scalar_subquery()
    )
    statement = delete(WebhookEvent).where(WebhookEvent.id.in_(oldest))
    return changed_rows(statement.execution_options(synchronize_session=False))


def _select(company_id: UUID, webhook_id: UUID) -> Select[WebhookDelivery, str, datetime]:
    return (
        select(WebhookDelivery, WebhookEvent.type, WebhookEvent.occurred_at)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
        .where(
            WebhookDelivery.company_id == company_id,
            WebhookEvent.company_id == company_id,
            WebhookDelivery.webhook_id == webhook_id,
        )
    )


def _matching(company_id: UUID, webhook_id: UUID, matching: DeliveryFilter) -> Select[UUID]:
    statement = select(WebhookDelivery.id).where(
        WebhookDelivery.company_id == company_id, WebhookDelivery.webhook_id == webhook_id
    )
    if matching.event_type is not None:
        statement = statement.where(WebhookDelivery.event_type == matching.event_type)
    if matching.status is not None:
        statement = statement.where(WebhookDelivery.status == matching.status)
    if matching.stream_id is not None:
        statement = statement.where(WebhookDelivery.stream_id == matching.stream_id)
    # Queued with the event itself, so this is when it happened.
    if matching.since is not None:
        statement = statement.where(WebhookDelivery.created_at >= matching.since)
    if matching.until is not None:
        statement = statement.where(WebhookDelivery.created_at <= matching.until)
    return statement
