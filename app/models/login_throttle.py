"""Failed sign-ins by e-mail, whether or not a user of that e-mail exists: otherwise the lock would tell."""

from datetime import datetime

from sqlalchemy import DateTime, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Timestamped


class LoginThrottle(Timestamped, Base):
    """How often in a row signing in with this e-mail has failed, and until when it is locked."""

    __tablename__ = "login_throttles"

    email: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
