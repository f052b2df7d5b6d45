"""Statements that change rows."""

from typing import Any

from sqlalchemy import CursorResult, Executable

from app.core.transaction import session


def changed_rows(statement: Executable) -> int:
    """Runs an INSERT, UPDATE or DELETE; returns how many rows it changed."""
    result: CursorResult[Any] = session().execute(statement)  # type: ignore[assignment]
    return result.rowcount
