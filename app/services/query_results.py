"""Rows of customers' databases as evidence."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class QueryResult:
    """Rows of a customer's database in the place of a passage. `text` is what a model reads, and what is cited."""

    connection_id: UUID
    title: str
    sql: str
    ran_at: datetime
    text: str
    columns: list[dict[str, str]]
    row_count: int
    cut: bool
    heading_path: tuple[str, ...] = ()
    page: int | None = None
    cosine: float = field(default=1.0)
