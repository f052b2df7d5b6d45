"""Sessions of users."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update

from app.core.transaction import session
from app.models.user_session import UserSession
from app.repositories.changes import changed_rows
from app.repositories.ownership import owned_by


def add(user_session: UserSession) -> None:
    """Stores a new session."""
    session().add(user_session)
    session().flush()


def rotate_refresh(
    *, company_id: UUID | None, session_id: UUID, used: UUID, following: UUID, at: datetime, expires_at: datetime
) -> bool:
    """Replaces the refresh token `used` by `following`. False when `used` isn't the session's latest."""
    statement = (
        update(UserSession)
        .where(
            owned_by(UserSession, company_id),
            UserSession.id == session_id,
            UserSession.refresh_id == used,
            UserSession.revoked_at.is_(None),
        )
        .values(refresh_id=following, refreshed_at=at, expires_at=expires_at)
    )
    return changed_rows(statement) == 1


def revoke(*, company_id: UUID | None, session_id: UUID, at: datetime, because: str) -> bool:
    """Ends one session. False when it had ended before."""
    statement = (
        update(UserSession)
        .where(owned_by(UserSession, company_id), UserSession.id == session_id, UserSession.revoked_at.is_(None))
        .values(revoked_at=at, revoked_because=because)
    )
    return changed_rows(statement) == 1


def revoke_all_of(
    *, company_id: UUID | None, user_id: UUID, at: datetime, because: str, but: UUID | None = None
) -> int:
    """Ends all sessions of a user, or all but one. Returns how many."""
    statement = update(UserSession).where(
        owned_by(UserSession, company_id), UserSession.user_id == user_id, UserSession.revoked_at.is_(None)
    )
    if but is not None:
        statement = statement.where(UserSession.id != but)
    return changed_rows(statement.values(revoked_at=at, revoked_because=because))


def revoke_impersonations_across_companies(*, by: UUID, at: datetime, because: str) -> list[UUID]:
    """Ends all sessions in which this super admin acts as somebody else. Returns as whom, one for each session."""
    return _revoke_impersonations(UserSession.impersonator_id == by, at, because)


def revoke_begun_with_across_companies(credential_id: UUID, *, at: datetime, because: str) -> list[UUID]:
    """Ends all impersonations that were begun with this session or API key. Returns as whom, one for each session."""
    return _revoke_impersonations(UserSession.begun_with == credential_id, at, because)


def get(*, company_id: UUID | None, session_id: UUID) -> UserSession | None:
    """A session by its id."""
    statement = select(UserSession).where(owned_by(UserSession, company_id), UserSession.id == session_id)
    return session().scalars(statement).first()


def delete_expired_across_companies(moment: datetime) -> int:
    """Forgets sessions that expired before `moment`. Returns how many."""
    return changed_rows(delete(UserSession).where(UserSession.expires_at < moment))


def _revoke_impersonations(which: ColumnElement[bool], at: datetime, because: str) -> list[UUID]:
    statement = update(UserSession).where(which, UserSession.revoked_at.is_(None))
    ended = statement.values(revoked_at=at, revoked_because=because).returning(UserSession.user_id)
    return list(session().scalars(ended))
