"""Postal addresses of companies."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, CompanyOwned, Identified, Timestamped
from app.models.city import City
from app.models.country import Country
from app.models.state import State


class Address(Identified, CompanyOwned, Timestamped, Base):
    """An address of a company; at most one of them is the primary one."""

    __tablename__ = "addresses"
    __table_args__ = (
        Index("ix_addresses_company_id", "company_id"),
        Index("uq_addresses_company_id_primary", "company_id", unique=True, postgresql_where=text("is_primary")),
    )

    street_address: Mapped[str]
    city_id: Mapped[int] = mapped_column(ForeignKey("cities.id"))
    state_id: Mapped[int] = mapped_column(ForeignKey("states.id"))
    country_id: Mapped[int] = mapped_column(ForeignKey("countries.id"))
    postal_code: Mapped[str | None]
    lat: Mapped[float | None]
    # Longitude; the public contract spells it "lan".
    lan: Mapped[float | None]
    is_primary: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    city: Mapped[City] = relationship(lazy="raise")
    state: Mapped[State] = relationship(lazy="raise")
    country: Mapped[Country] = relationship(lazy="raise")
