"""Statements that change rows."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CursorResult, Executable

from app.core.transaction import session


def changed_rows(statement: Executable, values: Mapping[str, Any] | None = None) -> int:
    """Runs an INSERT, UPDATE or DELETE; returns how many rows it changed."""
    result: CursorResult[Any] = session().execute(statement, values)  # type: ignore[assignment]
    return result.rowcount
