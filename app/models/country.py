"""Countries."""

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base
from app.models.shared_place import SharedPlace


class Country(SharedPlace, Base):
    """A country or territory of ISO 3166-1."""

    __tablename__ = "countries"
    __table_args__ = (Index("uq_countries_name", text("lower(name)"), unique=True),)

    # ISO 3166-1 alpha-2; null for a country that an admin added without one.
    iso_code: Mapped[str | None] = mapped_column(unique=True)
