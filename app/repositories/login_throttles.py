"""Failed sign-ins by e-mail. No company: the e-mail may belong to nobody."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.transaction import session
from app.models.login_throttle import LoginThrottle
from app.repositories.changes import changed_rows


def locked_until(email: str) -> datetime | None:
    """Until when signing in with this e-mail is locked, if it is."""
    statement = select(LoginThrottle.locked_until).where(LoginThrottle.email == email.lower())
    return session().scalar(statement)


def count_failure(email: str, *, at: datetime) -> int:
    """Adds a failure; returns how many there have been in a row. Failures at the same moment are all counted."""
    statement = (
        insert(LoginThrottle)
        .values(email=email.lower(), failures=1, updated_at=at)
        .on_conflict_do_update(
            index_elements=["email"], set_={"failures": LoginThrottle.failures + 1, "updated_at": at}
        )
        .returning(LoginThrottle.failures)
    )
    return session().scalars(statement).one()


def lock(email: str, *, until: datetime) -> None:
    """Locks signing in with this e-mail."""
    statement = update(LoginThrottle).where(LoginThrottle.email == email.lower())
    session().execute(statement.values(locked_until=until))


def forget(email: str) -> None:
    """A success, or a new password: starts over."""
    session().execute(delete(LoginThrottle).where(LoginThrottle.email == email.lower()))


def delete_untouched_since(moment: datetime) -> int:
    """Forgets old failures. Returns how many e-mails."""
    return changed_rows(delete(LoginThrottle).where(LoginThrottle.updated_at < moment))
