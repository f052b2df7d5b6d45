"""Keeping the figures of the analytics true: what changed is counted again by the worker, or by whoever asks before it
comes round."""

import logging
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from app.core.clock import now
from app.core.tenancy import across_companies, enter_company
from app.core.transaction import transaction
from app.core.window import DAY, QUARTER, utc_day
from app.models.rollup_mark import Family, Span
from app.repositories import companies, rollups
from app.repositories.rollups import Range

log = logging.getLogger(__name__)

_LENGTH = {Span.QUARTER: QUARTER, Span.DAY: DAY}
# Marks that are worked off in one transaction; who reads figures waits for no more than that.
_MOST_MARKS = 5_000
# Raw rows that are counted in one transaction of a rebuild.
_REBUILT_AT_ONCE = 200_000
_BEFORE_ALL = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_AFTER_ALL = datetime.fromisoformat("9000-01-01T00:00:00+00:00")


def refresh(company_id: UUID, moment: datetime, *, patient: bool = True) -> bool:
    """Counts again what changed at a company, whose transaction is open. Returns whether everything is counted: not
    when there was too much for one go or, unless `patient`, somebody else is at it."""
    rollups.take_room()
    if patient:
        rollups.lock(company_id=company_id)
    elif not rollups.try_lock(company_id=company_id):
        return False
    marks = rollups.take_marks(company_id=company_id, today=utc_day(moment), most=_MOST_MARKS)
    for family in Family:
        quarters = {at for of, span, at in marks if of is family and span is Span.QUARTER}
        days = {at for of, span, at in marks if of is family and span is Span.DAY}
        rollups.refresh(company_id=company_id, family=family, span=Span.QUARTER, ranges=_merged(quarters, Span.QUARTER))
        _count_days(company_id, family, days | {utc_day(at) for at in quarters}, moment)
    return len(marks) < _MOST_MARKS


def refresh_all() -> int:
    """Counts again what changed, company by company; returns how many companies that was."""
    moment = now()
    with transaction(), across_companies("the rollups of all companies"):
        waiting = rollups.companies_to_refresh_across_companies(today=utc_day(moment))
    for company_id in waiting:
        try:
            catch_up(company_id, moment)
        except Exception:
            log.exception("rollups not refreshed", extra={"company": str(company_id)})
    return len(waiting)


def catch_up(company_id: UUID, moment: datetime) -> None:
    """Counts all of a company again that changed, in transactions of its own."""
    while not _refresh_one(company_id, moment):
        pass


def rebuild(company_id: UUID) -> None:
    """Counts everything of a company again, whatever the marks say, so many days at a time that no transaction is
    long."""
    with transaction():
        enter_company(company_id)
        extent = rollups.extent(company_id=company_id)
    first, last, rows = extent or (now(), now(), 0)
    begin, end = utc_day(first), utc_day(last) + DAY
    steps = min((end - begin).days, -(-rows // _REBUILT_AT_ONCE) or 1)
    cuts = [begin + index * (end - begin).days // steps * DAY for index in range(1, steps)]
    # What is counted of a time without any raw row goes, too.
    for lo, hi in pairwise([_BEFORE_ALL, *cuts, _AFTER_ALL]):
        _recount(company_id, lo, hi, end)


def _recount(company_id: UUID, lo: datetime, hi: datetime, end: datetime) -> None:
    with transaction():
        enter_company(company_id)
        rollups.lock(company_id=company_id)
        today = utc_day(now())
        open_days = [today + step * DAY for step in range((min(hi, end) - today).days)] if hi > today else []
        for family in Family:
            rollups.refresh(company_id=company_id, family=family, span=Span.QUARTER, ranges=[(lo, hi)])
            over = [(lo, min(hi, today))] if lo < today else []
            rollups.refresh(company_id=company_id, family=family, span=Span.DAY, ranges=over)
            rollups.mark_days(company_id=company_id, family=family, days=open_days)


def rebuild_all() -> Iterable[UUID]:
    """Counts everything of every company again; yields each when it is done."""
    with transaction(), across_companies("the rollups of all companies"):
        every = companies.ids_across_companies()
    for company_id in every:
        rebuild(company_id)
        yield company_id


def _refresh_one(company_id: UUID, moment: datetime) -> bool:
    with transaction():
        enter_company(company_id)
        return refresh(company_id, moment)


def _count_days(company_id: UUID, family: Family, days: set[datetime], moment: datetime) -> None:
    over = {day for day in days if day < utc_day(moment)}
    rollups.refresh(company_id=company_id, family=family, span=Span.DAY, ranges=_merged(over, Span.DAY))
    rollups.mark_days(company_id=company_id, family=family, days=sorted(days - over))


def _merged(buckets: set[datetime], span: Span) -> list[Range]:
    """Buckets as ranges, neighbours as one."""
    ranges: list[Range] = []
    for at in sorted(buckets):
        if ranges and ranges[-1][1] == at:
            ranges[-1] = (ranges[-1][0], at + _LENGTH[span])
        else:
            ranges.append((at, at + _LENGTH[span]))
    return ranges
