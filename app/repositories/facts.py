"""What the analytics read: the rows of a rollup within a window, as a FROM item.

Days that are not over, and the parts of days that a window begins and ends with, are counted from the raw rows by the
same SELECT that the rollup is made with.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from app.core import zones
from app.core.transaction import session
from app.core.window import Window
from app.models.rollup_mark import Span
from app.repositories.rollup_sources import RANGES, Rollup


def statement(rollup: Rollup, selected: str, rest: str = "") -> TextClause:
    """`SELECT selected FROM facts rest`, where `facts` are the rollup's rows of `:company` in the window."""
    if rollup.span is Span.QUARTER:
        return text(
            f"SELECT {selected} FROM {rollup.table} AS facts "  # noqa: S608 - our own words, here and below
            f"WHERE company_id = :company AND at >= :start AND at < :end {rest}"
        )
    return text(
        f"{RANGES} SELECT {selected} FROM ("  # noqa: S608
        f"SELECT {rollup.columns} FROM {rollup.table} WHERE company_id = :company AND at >= :first AND at < :last "
        f"UNION ALL {rollup.ungrouped or rollup.select}) AS facts WHERE true {rest}"
    )


def read(query: TextClause, company_id: UUID, window: Window, **values: Any) -> list[Row[Any]]:
    """Runs such a statement."""
    first, last = window.whole_days
    edges = window.edges
    parameters = {
        "company": company_id,
        "start": window.start,
        "end": window.end,
        "first": first,
        "last": last,
        "los": [lo for lo, _ in edges],
        "his": [hi for _, hi in edges],
        "zone": zones.for_postgres(window.zone),
        **values,
    }
    return list(session().execute(query, parameters))
