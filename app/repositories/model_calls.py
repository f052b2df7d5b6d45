"""Calls to models."""

from collections.abc import Sequence

from app.core.transaction import session
from app.models.model_call import ModelCall


def add_all(calls: Sequence[ModelCall]) -> None:
    """Stores calls; their transaction has entered their company."""
    if calls:
        session().add_all(calls)
        session().flush()
