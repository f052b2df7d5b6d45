"""API keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update

from app.core.paging import Page, PageRequest, paginate
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
    statement = select(ApiKey).where(
        owned_by(ApiKey, company_id),
        ApiKey.created_by == user_id,
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > at),
    )
    return paginate(statement.order_by(ApiKey.created_at.desc(), ApiKey.id.desc()), wanted)


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
