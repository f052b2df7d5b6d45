"""Countries, their states and cities: reference data that all companies share. Ids are integers, as integrators
know them."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Timestamped


class Country(Timestamped, Base):
    """A country or territory of ISO 3166-1."""

    __tablename__ = "countries"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    # ISO 3166-1 alpha-2; null for a country that an admin added without one.
    iso_code: Mapped[str | None] = mapped_column(unique=True)


class State(Timestamped, Base):
    """A state, province or other subdivision (ISO 3166-2)."""

    __tablename__ = "states"
    __table_args__ = (Index("uq_states_country_id_name", "country_id", "name", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    country_id: Mapped[int] = mapped_column(ForeignKey("countries.id", ondelete="CASCADE"))
    name: Mapped[str]
    # ISO 3166-2, as in US-CA; null for a state that an admin added.
    iso_code: Mapped[str | None] = mapped_column(unique=True)


class City(Timestamped, Base):
    """A city or town of a state."""

    __tablename__ = "cities"
    __table_args__ = (Index("uq_cities_state_id_name", "state_id", "name", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state_id: Mapped[int] = mapped_column(ForeignKey("states.id", ondelete="CASCADE"))
    name: Mapped[str]
    postal_code_prefix: Mapped[str | None]
