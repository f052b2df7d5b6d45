"""Webhooks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, and_, any_, bindparam, func, or_, select, update

from app.core.paging import Listing, Page, PageRequest
from app.core.transaction import session
from app.models.company import Company, CompanyStatus
from app.models.webhook import Webhook, WebhookStatus
from app.models.webhook_delivery import DeliveryStatus, WebhookDelivery
from app.repositories.changes import changed_rows

_LISTING = Listing(
    select(Webhook)
    .where(Webhook.company_id == bindparam("company"))
    .order_by(Webhook.created_at.desc(), Webhook.id.desc())
)
_SUBSCRIBED = (
    select(Webhook.id, Webhook.status)
    .where(
        Webhook.company_id == bindparam("company"),
        Webhook.status.in_([WebhookStatus.ACTIVE, WebhookStatus.SWITCHED_OFF]),
        or_(func.cardinality(Webhook.event_types) == 0, bindparam("type") == any_(Webhook.event_types)),
    )
    # So that none of them is deleted before the deliveries that refer to it are committed.
    .with_for_update(read=True, key_share=True)
)
_LIVE_COMPANY = and_(Company.deleted_at.is_(None), Company.status == CompanyStatus.ACTIVE)
# The weaker of the two row locks: events for the webhook are still written meanwhile.
_TAKE_ACTIVE = (
    select(Webhook)
    .join(Company, and_(Company.id == Webhook.company_id, _LIVE_COMPANY))
    .where(
        Webhook.company_id == bindparam("company"),
        Webhook.id == bindparam("wanted"),
        Webhook.status == WebhookStatus.ACTIVE,
    )
    .with_for_update(key_share=True, of=Webhook)
)


def add(webhook: Webhook) -> None:
    """Stores a new webhook."""
    session().add(webhook)
    session().flush()


def get(*, company_id: UUID, webhook_id: UUID) -> Webhook | None:
    """A webhook by its id."""
    statement = select(Webhook).where(Webhook.company_id == company_id, Webhook.id == webhook_id)
    return session().scalars(statement).first()


def lock(*, company_id: UUID, webhook_id: UUID) -> Webhook | None:
    """A webhook that nobody else changes until the transaction ends."""
    statement = select(Webhook).where(Webhook.company_id == company_id, Webhook.id == webhook_id)
    return session().scalars(statement.with_for_update(key_share=True)).first()


def lock_active(*, company_id: UUID, webhook_id: UUID) -> Webhook | None:
    """The webhook for a worker that takes one of its deliveries; None unless it is active and its company, too."""
    return session().scalars(_TAKE_ACTIVE, {"company": company_id, "wanted": webhook_id}).first()


def find_page(*, company_id: UUID, wanted: PageRequest) -> Page[Webhook]:
    """The company's webhooks, the newest first."""
    return _LISTING.page(wanted, {"company": company_id})


def find_subscribed(*, company_id: UUID, event_type: str) -> Sequence[Row[UUID, str]]:
    """Id and status of the webhooks that want events of this type; they can't be deleted until the transaction
    ends."""
    return session().execute(_SUBSCRIBED, {"company": company_id, "type": event_type}).all()


def lock_company(*, company_id: UUID) -> None:
    """Makes others who lock it for its number of webhooks wait until the transaction ends."""
    session().execute(select(Company.id).where(Company.id == company_id).with_for_update(key_share=True))


def count(*, company_id: UUID) -> int:
    """How many webhooks the company has."""
    return session().scalar(select(func.count()).select_from(Webhook).where(Webhook.company_id == company_id)) or 0


def delete(webhook: Webhook) -> None:
    """Deletes a webhook with its deliveries."""
    session().delete(webhook)
    session().flush()


def note_success(*, company_id: UUID, webhook_id: UUID, at: datetime, stale: datetime) -> None:
    """Notes that it works; nothing is written while it has been working and that was noted after `stale`."""
    statement = update(Webhook).where(
        Webhook.company_id == company_id,
        Webhook.id == webhook_id,
        or_(Webhook.failing_since.is_not(None), Webhook.last_success_at.is_(None), Webhook.last_success_at < stale),
    )
    changed_rows(statement.values(failing_since=None, last_success_at=at, updated_at=Webhook.updated_at))


def note_failure(*, company_id: UUID, webhook_id: UUID, at: datetime) -> None:
    """Notes since when it fails."""
    statement = update(Webhook).where(
        Webhook.company_id == company_id, Webhook.id == webhook_id, Webhook.failing_since.is_(None)
    )
    changed_rows(statement.values(failing_since=at, updated_at=Webhook.updated_at))


def find_due_across_companies(at: datetime, limit: int) -> Sequence[Row[UUID, UUID]]:
    """Active webhooks of live companies that something should be delivered to by now. Rows of (company_id, id)."""
    # One step into an index for each webhook, where EXISTS would be made a join with everything that waits.
    first_due_at = (
        select(WebhookDelivery.due_at)
        .where(
            WebhookDelivery.webhook_id == Webhook.id,
            WebhookDelivery.status.in_([DeliveryStatus.PENDING, DeliveryStatus.SENDING]),
        )
        .order_by(WebhookDelivery.due_at)
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(Webhook.company_id, Webhook.id)
        .join(Company, and_(Company.id == Webhook.company_id, _LIVE_COMPANY))
        .where(Webhook.status == WebhookStatus.ACTIVE, first_due_at <= at)
        .limit(limit)
    )
    return session().execute(statement).all()
