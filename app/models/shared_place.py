"""What countries, states and cities have in common."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Timestamped

LARGEST_ID = 2_147_483_647


class SharedPlace(Timestamped):
    """A place that all companies share and everybody may see. Ids are integers, as integrators know them."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    # The company whose admin added it; null for reference data and what the operator added. It decides who may change
    # the row and leaves in no answer. No foreign key, since a place outlives the company that added it.
    added_by_company: Mapped[UUID | None]
