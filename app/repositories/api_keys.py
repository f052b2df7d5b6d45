"""API keys."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, or_, select, update

from app.core.paging import Listing, Page, PageRequest
from app.core.transaction import session
from app.models.api_key import ApiKey
from app.repositories.changes import changed_rows
from app.repositories.ownership import owned_by


def add(key: ApiKey) -> None:
    """Stores a new key."""
    session().add(key)
    session().flush()


def find_active_by_maker(*, company_id: UUID | None, user_id: UUID, at: datetime, wanted: PageRequest) -> Page[ApiKey]:
    """The keys that this user made and that work at `at`, the newest first."""
    parameters = {"maker": user_id, "moment": at}
    if company_id is None:
        return _ACTIVE_OF_PLATFORM.page(wanted, parameters)
    return _ACTIVE_OF_COMPANY.page(wanted, {**parameters, "company": company_id})


_ACTIVE = (
    select(ApiKey)
    .where(
        ApiKey.created_by == bindparam("maker"),
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > bindparam("moment")),
    )
    .order_by(ApiKey.created_at.desc(), ApiKey.id.desc())
)
_ACTIVE_OF_PLATFORM = Listing(_ACTIVE.where(ApiKey.company_id.is_(None)))
_ACTIVE_OF_COMPANY = Listing(_ACTIVE.where(ApiKey.company_id == bindparam("company")))


def get(*, company_id: UUID | None, key_id: UUID) -> ApiKey | None:
    """A key by its id, revoked or not."""
    return session().scalars(select(ApiKey).where(owned_by(ApiKey, company_id), ApiKey.id == key_id)).first()


def revoke(*, company_id: UUID | None, key_id: UUID, at: datetime) -> bool:
    """Ends a key. False when it had been revoked before."""
    statement = (
        update(ApiKey)
        .where(owned_by(ApiKey, company_id), ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return changed_rows(statement) == 1


def renew_hash(*, company_id: UUID | None, key_id: UUID, secret_hash: str) -> None:
    """Stores the hash of the same secret under a newer key of ours."""
    statement = update(ApiKey).where(owned_by(ApiKey, company_id), ApiKey.id == key_id)
    changed_rows(statement.values(secret_hash=secret_hash))


def take_expired_across_companies(*, at: datetime, limit: int) -> Sequence[ApiKey]:
    """Keys that have expired and that nobody was told of; each is given out once."""
    due = (
        select(ApiKey.id)
        .where(ApiKey.expires_at <= at, ApiKey.revoked_at.is_(None), ApiKey.expiry_told_at.is_(None))
        .order_by(ApiKey.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = update(ApiKey).where(ApiKey.id.in_(due)).values(expiry_told_at=at, updated_at=ApiKey.updated_at)
    return session().scalars(statement.returning(ApiKey)).all()
