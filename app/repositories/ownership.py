"""How statements name the company."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement


def owned_by(model: Any, company_id: UUID | None) -> ColumnElement[bool]:
    """The rows of one company, or those of the platform for None (an equality, so that an index serves it)."""
    column = model.company_id
    criterion: ColumnElement[bool] = column.is_(None) if company_id is None else column == company_id
    return criterion
