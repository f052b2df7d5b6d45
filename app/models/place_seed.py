"""Which reference data of places has been seeded."""

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Timestamped


class PlaceSeed(Timestamped, Base):
    """A version of the reference data that was seeded, and how many places there were afterwards."""

    __tablename__ = "place_seeds"

    version: Mapped[str] = mapped_column(primary_key=True)
    countries: Mapped[int]
    states: Mapped[int]
    cities: Mapped[int]
