"""Companies. Row-level security compares their `id` with the entered company."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.core.paging import Page, PageRequest, paginate
from app.core.transaction import session
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
