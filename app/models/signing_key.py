"""Key pairs that sign tokens, shared by all processes."""

from datetime import datetime

from sqlalchemy import DateTime
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, EncryptedText, Identified, Timestamped


class SigningKey(Identified, Timestamped, Base):
    """An RSA key pair; `id` is its `kid`. The newest that isn't retired signs, all that are here verify."""

    __tablename__ = "signing_keys"

    private_pem: Mapped[str] = mapped_column(EncryptedText)
    public_pem: Mapped[str]
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
