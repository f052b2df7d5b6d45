"""Single-use tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update

from app.core.transaction import session
from app.models.one_time_token import OneTimeToken, TokenPurpose
from app.repositories.changes import changed_rows


def add(token: OneTimeToken) -> None:
    """Stores a token that can be used once."""
    session().add(token)
    session().flush()


def use_across_companies(token_id: UUID, *, purpose: TokenPurpose, at: datetime) -> OneTimeToken | None:
    """Uses a token up; None when it is unknown, used, expired or for something else. Of two at once, one wins."""
    statement = (
        update(OneTimeToken)
        .where(
            OneTimeToken.id == token_id,
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > at,
        )
        .values(used_at=at)
        .returning(OneTimeToken)
    )
    return session().scalars(statement).first()


def void_all_across_companies(*, user_id: UUID, purpose: TokenPurpose, at: datetime) -> None:
    """Uses up every open token of this purpose, so that only the newest mail's link works."""
    statement = update(OneTimeToken).where(
        OneTimeToken.user_id == user_id, OneTimeToken.purpose == purpose, OneTimeToken.used_at.is_(None)
    )
    session().execute(statement.values(used_at=at))


def delete_expired_across_companies(moment: datetime) -> int:
    """Forgets tokens that expired before `moment`. Returns how many."""
    return changed_rows(delete(OneTimeToken).where(OneTimeToken.expires_at < moment))
