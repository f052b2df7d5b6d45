"""Pages of lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, bindparam, func

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


class Listing(Generic[Item]):
    """An ordered SELECT that is read page by page. One that is made once, with parameters, is cheaper than one that
    is built for every call: building statements is a third of a list's work."""

    def __init__(self, statement: Select[Item]) -> None:
        self._rows = statement.limit(bindparam("page_limit")).offset(bindparam("page_offset"))
        self._count = statement.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)

    def page(self, wanted: PageRequest, parameters: Mapping[str, Any] | None = None) -> Page[Item]:
        """One page, with the number of all rows."""
        skipped = (wanted.page - 1) * wanted.per_page
        window = {"page_limit": wanted.per_page, "page_offset": skipped}
        rows: Sequence[Any] = session().scalars(self._rows, {**(parameters or {}), **window}).all()
        # A page that isn't full is the last one, which tells the total; one beyond the end tells nothing.
        last = 0 < len(rows) < wanted.per_page or (not rows and wanted.page == 1)
        total = skipped + len(rows) if last else session().scalar(self._count, parameters) or 0
        return Page(rows, Pagination(wanted.page, wanted.per_page, total))


def paginate(statement: Select[Item], wanted: PageRequest) -> Page[Item]:
    """One page of an ordered statement that is built for this call."""
    return Listing(statement).page(wanted)
