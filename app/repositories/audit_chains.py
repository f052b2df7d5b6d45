"""The chains that audit entries are in."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from app.core.transaction import session
from app.models.audit_chain import AuditChain
from app.models.audit_entry import AuditEntry
from app.repositories.ownership import owned_by

_OF_PLATFORM = select(AuditChain).where(AuditChain.company_id.is_(None))
_OF_COMPANY = select(AuditChain).where(AuditChain.company_id == bindparam("company"))
# Built once, and always as it is now. The weaker lock is enough: nothing refers to these rows.
_LOCK_OF_PLATFORM, _LOCK_OF_COMPANY = (
    each.with_for_update(key_share=True).execution_options(populate_existing=True)
    for each in (_OF_PLATFORM, _OF_COMPANY)
)


def lock(*, company_id: UUID | None) -> AuditChain | None:
    """The chain, for this transaction alone until it ends."""
    if company_id is None:
        return session().scalars(_LOCK_OF_PLATFORM).first()
    return session().scalars(_LOCK_OF_COMPANY, {"company": company_id}).first()


def get(*, company_id: UUID | None) -> AuditChain | None:
    """The chain as it is at the moment."""
    statement = select(AuditChain).where(owned_by(AuditChain, company_id))
    return session().scalars(statement.execution_options(populate_existing=True)).first()


def add(chain: AuditChain) -> None:
    """Stores a new chain, unless somebody else has just done so."""
    values = {
        name: getattr(chain, name)
        for name in ("id", "company_id", "key", "position", "head", "base_position", "base", "seal")
    }
    session().execute(insert(AuditChain).values(values).on_conflict_do_nothing())


def find_companies_across_companies() -> Sequence[UUID | None]:
    """The companies that have a chain, or entries that had one; None for the platform."""
    every = select(AuditChain.company_id).union(select(AuditEntry.company_id)).subquery()
    return session().scalars(select(every.c.company_id).order_by(every.c.company_id)).all()
