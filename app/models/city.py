"""Cities."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.shared_place import SharedPlace
from app.models.state import State


class City(SharedPlace, Base):
    """A city or town of a state."""

    __tablename__ = "cities"
    __table_args__ = (Index("uq_cities_state_id_name", "state_id", text("lower(name)"), unique=True),)

    state_id: Mapped[int] = mapped_column(ForeignKey("states.id", ondelete="CASCADE"))
    postal_code_prefix: Mapped[str | None]
    state: Mapped[State] = relationship(lazy="raise")
