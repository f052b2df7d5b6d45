"""Users."""

from uuid import UUID

from sqlalchemy import func, select

from app.core.transaction import session
from app.models.user import User
from app.repositories.ownership import owned_by


def add(user: User) -> None:
    """Stores a new user."""
    session().add(user)
    session().flush()


def get(*, company_id: UUID | None, user_id: UUID) -> User | None:
    """A live user of the company (of the platform for None)."""
    statement = select(User).where(owned_by(User, company_id), User.id == user_id, User.deleted_at.is_(None))
    return session().scalars(statement).first()


def get_across_companies(user_id: UUID) -> User | None:
    """A live user of whatever company."""
    return session().scalars(select(User).where(User.id == user_id, User.deleted_at.is_(None))).first()


def find_by_email_across_companies(email: str) -> User | None:
    """The one live user with this e-mail, in whatever company."""
    statement = select(User).where(func.lower(User.email) == email.lower(), User.deleted_at.is_(None))
    return session().scalars(statement).first()


def find_by_username(*, company_id: UUID | None, username: str) -> User | None:
    """The live user of the company with this name."""
    statement = select(User).where(
        owned_by(User, company_id), func.lower(User.username) == username.lower(), User.deleted_at.is_(None)
    )
    return session().scalars(statement).first()


def count_ever(*, company_id: UUID) -> int:
    """How many users the company has or had."""
    return session().scalar(select(func.count()).select_from(User).where(User.company_id == company_id)) or 0
