"""Calls to models."""

from collections.abc import Sequence

from sqlalchemy import Table, insert

from app.core.transaction import session
from app.models.model_call import ModelCall

_TABLE: Table = ModelCall.__table__  # type: ignore[assignment]
_ADD = insert(_TABLE)
_COLUMNS = [
    (column.name, attribute.key) for attribute in ModelCall.__mapper__.column_attrs for column in attribute.columns
]


def add_all(calls: Sequence[ModelCall]) -> None:
    """Stores calls; their transaction has entered their company."""
    if calls:
        session().execute(_ADD, [{column: getattr(call, name) for column, name in _COLUMNS} for call in calls])
