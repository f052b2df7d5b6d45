"""Companies. Row-level security compares their `id` with the entered company."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from app.core.paging import Page, PageRequest, paginate
from app.core.transaction import session
from app.db import Base
from app.models.company import Company
from app.repositories.changes import changed_rows

# Built once: building a statement costs as much as running it.
_GET_ANY = select(Company).where(Company.id == bindparam("wanted"))
_GET = _GET_ANY.where(Company.deleted_at.is_(None))


def add(company: Company) -> None:
    """Stores a new company; the transaction must have entered its id."""
    session().add(company)
    session().flush()


def get(company_id: UUID, *, include_deleted: bool = False) -> Company | None:
    """A company by its id."""
    return session().scalars(_GET_ANY if include_deleted else _GET, {"wanted": company_id}).first()


def find_page_across_companies(wanted: PageRequest, *, deleted: bool) -> Page[Company]:
    """A page of all live or of all deleted companies, the newest first."""
    state = Company.deleted_at.is_not(None) if deleted else Company.deleted_at.is_(None)
    return paginate(select(Company).where(state).order_by(Company.created_at.desc(), Company.id.desc()), wanted)


def ids_across_companies() -> Sequence[UUID]:
    """The ids of all companies, deleted ones too."""
    return session().scalars(select(Company.id).order_by(Company.id)).all()


def set_deleted(company_id: UUID, *, at: datetime | None, deletion_id: UUID | None) -> bool:
    """Deletes a live company (`at` given) or restores a deleted one (`at` None). False when there was none such."""
    state = Company.deleted_at.is_(None) if at else Company.deleted_at.is_not(None)
    statement = update(Company).where(Company.id == company_id, state).values(deleted_at=at, deletion_id=deletion_id)
    return changed_rows(statement) == 1


def count_related(company_id: UUID) -> dict[str, int]:
    """How many rows of every company-owned table belong to the company, by table; what is counted from them is left
    out."""
    counts: dict[str, int] = {}
    for name, each in sorted(Base.metadata.tables.items()):
        if "company_id" in each.c and not each.info.get("derived"):
            counts[name] = (
                session().scalar(select(func.count()).select_from(each).where(each.c.company_id == company_id)) or 0
            )
    return counts


def set_related_deleted(company_id: UUID, *, at: datetime, deletion_id: UUID) -> dict[str, int]:
    """Deletes softly every live row of the company in tables that can be restored; returns how many, by table that
    had any."""
    counts: dict[str, int] = {}
    for name, each in sorted(Base.metadata.tables.items()):
        if "company_id" in each.c and "deletion_id" in each.c:
            statement = (
                update(each)
                .where(each.c.company_id == company_id, each.c.deleted_at.is_(None))
                .values(deleted_at=at, deletion_id=deletion_id)
            )
            if changed := changed_rows(statement):
                counts[name] = changed
    return counts


def restore_related(company_id: UUID, *, deletion_id: UUID) -> None:
    """Brings back the rows that were deleted together with the company, and no others."""
    for each in Base.metadata.tables.values():
        if "company_id" in each.c and "deletion_id" in each.c:
            session().execute(
                update(each)
                .where(each.c.company_id == company_id, each.c.deletion_id == deletion_id)
                .values(deleted_at=None, deletion_id=None)
            )
