"""Rollups: which buckets have to be counted again, and counting them again from the raw rows.

Whoever changes a raw row marks its bucket in the same transaction (triggers, see the migration). Here a company's marks
are taken away first and its buckets counted in the next statement, which therefore sees at least the rows that those
marks stand for; a row that is committed later brings a mark of its own. So nothing depends on the order in which
transactions commit, and doing it twice changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from app.core.transaction import session
from app.models.rollup_mark import Family, Span
from app.repositories.rollup_sources import RANGES, ROLLUPS, Rollup

Range = tuple[datetime, datetime]

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('frontdesk rollups'), hashtext(:company))")
_TRY = text("SELECT pg_try_advisory_xact_lock(hashtext('frontdesk rollups'), hashtext(:company))")
_ROOM = text("SELECT set_config('work_mem', '64MB', true)")
# Days are counted when they are over.
_DUE = "(span = 'quarter' OR at < :today)"
_TAKE = text(
    f"""
    DELETE FROM rollup_marks WHERE id IN (
        SELECT id FROM rollup_marks WHERE company_id = :company AND {_DUE} LIMIT :most
    ) RETURNING family, span, at
    """  # noqa: S608 - our own words
)
_MARK_DAYS = text(
    """
    INSERT INTO rollup_marks (company_id, family, span, at)
    SELECT :company, :family, 'day', day FROM unnest(CAST(:days AS timestamptz[])) AS day
    WHERE NOT EXISTS (SELECT FROM rollup_marks m WHERE m.company_id = :company AND m.family = :family
        AND m.span = 'day' AND m.at = day)
    """
)
_COMPANIES = text(
    f"SELECT DISTINCT m.company_id FROM rollup_marks m JOIN companies c ON c.id = m.company_id WHERE {_DUE}"  # noqa: S608
)
_FORGET = text("DELETE FROM rollup_marks m WHERE NOT EXISTS (SELECT FROM companies c WHERE c.id = m.company_id)")
_EXTENT = "min(created_at) AS first, max(created_at) AS last, count(*) AS rows"
_SPAN = text(
    " UNION ALL ".join(
        f"(SELECT {_EXTENT} FROM {table} WHERE company_id = :company)"  # noqa: S608
        for table in (
            "api_requests",
            "conversations",
            "messages",
            "turns",
            "model_calls",
            "unanswered_questions",
            "leads",
        )
    )
)


def _removing(rollup: Rollup) -> str:
    return (
        f"{RANGES} DELETE FROM {rollup.table} t USING ranges "  # noqa: S608
        "WHERE t.company_id = :company AND t.at >= ranges.lo AND t.at < ranges.hi"
    )


def _counting(rollup: Rollup) -> str:
    return f"{RANGES} INSERT INTO {rollup.table} ({rollup.columns}) {rollup.select}"


_REFRESH = {
    (family, span): [
        text(statement)
        for rollup in ROLLUPS
        if (rollup.family, rollup.span) == (family, span)
        for statement in (_removing(rollup), _counting(rollup))
    ]
    for family in Family
    for span in Span
}


def lock(*, company_id: UUID) -> None:
    """Lets nobody else count the company's buckets until the transaction ends."""
    session().execute(_LOCK, {"company": str(company_id)})


def try_lock(*, company_id: UUID) -> bool:
    """The same, unless somebody else does already."""
    return bool(session().scalar(_TRY, {"company": str(company_id)}))


def take_room() -> None:
    """Lets the transaction's statements hash and sort in memory what would go to disk: figures are added up from some
    ten thousand rows, for which the server's default is too little."""
    session().execute(_ROOM)


def take_marks(*, company_id: UUID, today: datetime, most: int) -> Sequence[tuple[Family, Span, datetime]]:
    """Takes marks away whose buckets have to be counted again now. `today`: the beginning of the UTC day."""
    rows = session().execute(_TAKE, {"company": company_id, "today": today, "most": most})
    return [(Family(row.family), Span(row.span), row.at) for row in rows]


def refresh(*, company_id: UUID, family: Family, span: Span, ranges: Sequence[Range]) -> None:
    """Counts the buckets within `ranges` again; each begins and ends where a bucket does."""
    values = {"company": company_id, "los": [lo for lo, _ in ranges], "his": [hi for _, hi in ranges]}
    for statement in _REFRESH[family, span] if ranges else ():
        session().execute(statement, values)


def mark_days(*, company_id: UUID, family: Family, days: Sequence[datetime]) -> None:
    """Has days counted that are not over yet."""
    if days:
        session().execute(_MARK_DAYS, {"company": company_id, "family": family.value, "days": list(days)})


def extent(*, company_id: UUID) -> tuple[datetime, datetime, int] | None:
    """The times of the company's first and last raw row, and how many there are; None when there is none."""
    rows = session().execute(_SPAN, {"company": company_id}).all()
    firsts, lasts = [row.first for row in rows if row.first], [row.last for row in rows if row.last]
    return (min(firsts), max(lasts), sum(row.rows for row in rows)) if firsts else None


def companies_to_refresh_across_companies(*, today: datetime) -> Sequence[UUID]:
    """Companies of which something has to be counted again; forgets the marks of those that are gone."""
    session().execute(_FORGET)
    return session().scalars(_COMPANIES, {"today": today}).all()
