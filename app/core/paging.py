"""Pages of lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select

from app.core.transaction import session

Item = TypeVar("Item")


@dataclass(frozen=True)
class PageRequest:
    """Which page is wanted: `page` counts from 1."""

    page: int = 1
    per_page: int = 20


@dataclass(frozen=True)
class Pagination:
    """Where a page stands in its list."""

    page: int
    per_page: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages the whole list has."""
        return -(-self.total // self.per_page)


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list."""

    items: Sequence[Item]
    pagination: Pagination


def paginate(statement: Select[Item], wanted: PageRequest) -> Page[Item]:
    """One page of an ordered statement, with the number of all rows."""
    total = session().scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    rows: Sequence[Any] = (
        session().scalars(statement.limit(wanted.per_page).offset((wanted.page - 1) * wanted.per_page)).all()
    )
    return Page(rows, Pagination(wanted.page, wanted.per_page, total))
