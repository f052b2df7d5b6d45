"""Users."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update

from app.core.transaction import session
from app.models.user import Role, User, UserStatus
from app.repositories.changes import changed_rows
from app.repositories.ownership import owned_by


def add(user: User) -> None:
    """Stores a new user."""
    session().add(user)
    session().flush()


def get(*, company_id: UUID | None, user_id: UUID, include_deleted: bool = False) -> User | None:
    """A user of the company (of the platform for None), a live one unless told otherwise."""
    statement = select(User).where(owned_by(User, company_id), User.id == user_id)
    return session().scalars(statement if include_deleted else statement.where(User.deleted_at.is_(None))).first()


def get_across_companies(user_id: UUID, *, include_deleted: bool = False) -> User | None:
    """A user of whatever company, a live one unless told otherwise."""
    statement = select(User).where(User.id == user_id)
    return session().scalars(statement if include_deleted else statement.where(User.deleted_at.is_(None))).first()


def lock_with_peers(*, company_id: UUID | None, user_id: UUID, peers: Role) -> Sequence[User]:
    """The live user and, with it, everybody active of the role `peers`, as they are now; others who lock them wait.

    In one statement and in the order of their ids: two calls that lock one after the other could lock each other out.
    """
    statement = (
        select(User)
        .where(
            owned_by(User, company_id),
            User.deleted_at.is_(None),
            or_(User.id == user_id, and_(User.role == peers, User.status == UserStatus.ACTIVE)),
        )
        .order_by(User.id)
        .with_for_update(key_share=True)
    )
    return session().scalars(statement.execution_options(populate_existing=True)).all()


def find_by_email_across_companies(email: str) -> User | None:
    """The one live user with this e-mail, in whatever company."""
    statement = select(User).where(func.lower(User.email) == email.lower(), User.deleted_at.is_(None))
    return session().scalars(statement).first()


def find_admin_emails(*, company_id: UUID) -> Sequence[str]:
    """The addresses of the company's active admins."""
    statement = select(User.email).where(
        User.company_id == company_id,
        User.role == Role.ADMIN,
        User.status == UserStatus.ACTIVE,
        User.deleted_at.is_(None),
    )
    return session().scalars(statement.order_by(User.id)).all()


def find_by_username(*, company_id: UUID | None, username: str) -> User | None:
    """The live user of the company with this name."""
    statement = select(User).where(
        owned_by(User, company_id), func.lower(User.username) == username.lower(), User.deleted_at.is_(None)
    )
    return session().scalars(statement).first()


def note_login(*, company_id: UUID | None, user_id: UUID, password_hash: str, at: datetime) -> bool:
    """Notes that the user signed in with the password behind this hash. False when it is theirs no more."""
    statement = update(User).where(
        owned_by(User, company_id), User.id == user_id, User.password_hash == password_hash, User.deleted_at.is_(None)
    )
    return changed_rows(statement.values(last_login_at=at)) == 1


def count_ever(*, company_id: UUID) -> int:
    """How many users the company has or had."""
    return session().scalar(select(func.count()).select_from(User).where(User.company_id == company_id)) or 0
