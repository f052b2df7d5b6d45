"""States."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.country import Country
from app.models.shared_place import SharedPlace


class State(SharedPlace, Base):
    """A state, province or other subdivision of a country (ISO 3166-2)."""

    __tablename__ = "states"
    __table_args__ = (Index("uq_states_country_id_name", "country_id", text("lower(name)"), unique=True),)

    country_id: Mapped[int] = mapped_column(ForeignKey("countries.id", ondelete="CASCADE"))
    # ISO 3166-2, as in US-CA; null for a state that the standard doesn't have.
    iso_code: Mapped[str | None] = mapped_column(unique=True)
    country: Mapped[Country] = relationship(lazy="raise")
