"""Giving audit entries their places in the chains, and forgetting the oldest.

Each company has a chain, and the platform one. The places are given at the end of the transaction, when nothing is
waited for any more; from there to the commit the chain is the transaction's alone. See docs/decisions/0019.
"""

import logging
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.ids import PLATFORM, new_id
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.models.audit_chain import AuditChain
from app.models.audit_entry import AuditEntry
from app.repositories import audit_chains, audit_entries
from app.security import audit_seal

log = logging.getLogger(__name__)

_PRUNED_AT_ONCE = 10_000


def append(entries: list[AuditEntry]) -> None:
    """Stores entries, each at the end of its company's chain.

    Chains are taken in the order of the companies' ids: two transactions that need the same ones the other way round
    would lock each other out.
    """
    for _, group in groupby(sorted(entries, key=_owner), key=_owner):
        members = list(group)
        company_id = members[0].company_id
        if not tenancy.has_entered(company_id):
            tenancy.enter_company(company_id)
        chain = _take(company_id)
        for entry in members:
            entry.position, entry.previous_seal = chain.position + 1, chain.head
            entry.seal = audit_seal.seal(chain.key, chain.head, vars(entry))
            chain.position, chain.head = entry.position, entry.seal
        chain.seal = seal_of(chain)
        audit_entries.add_all(members)


def seal_of(chain: AuditChain) -> bytes:
    """The seal that the row of a chain should have."""
    return audit_seal.seal_head(
        chain.key,
        position=chain.position,
        head=chain.head,
        base_position=chain.base_position,
        base=chain.base,
        broken=chain.broken_at is not None,
    )


def forget_old() -> int:
    """Forgets the entries of all chains that are older than `AUDIT_RETENTION_DAYS`, if there is such a limit. Returns
    how many. A chain begins after the last one that was forgotten, whose seal it keeps."""
    days = settings().audit_retention_days
    if not days:
        return 0
    with transaction(), across_companies("housekeeping of all companies"):
        companies = audit_chains.find_companies_across_companies()
    return sum(_forget(company_id, now() - timedelta(days=days)) for company_id in companies)


def _owner(entry: AuditEntry) -> UUID:
    return entry.company_id or PLATFORM


def _take(company_id: UUID | None) -> AuditChain:
    chain = audit_chains.lock(company_id=company_id)
    if chain is None:
        audit_chains.add(_begin(company_id))
        chain = audit_chains.lock(company_id=company_id)
    if chain is None:
        raise RuntimeError("a chain of audit entries that was there a moment ago is gone")
    if chain.seal != seal_of(chain):
        _note_broken(chain)
    return chain


def _begin(company_id: UUID | None) -> AuditChain:
    chain = AuditChain(
        id=new_id(),
        company_id=company_id,
        key=audit_seal.new_key(),
        position=0,
        head=audit_seal.NOTHING,
        base_position=0,
        base=audit_seal.NOTHING,
    )
    chain.seal = seal_of(chain)
    return chain


def _note_broken(chain: AuditChain) -> None:
    """Somebody changed the row. What is being done must not fail for it, and must not cover it up either."""
    log.error("the end of an audit chain was changed by hand", extra={"company": str(chain.company_id)})
    chain.broken_at = chain.broken_at or now()
    chain.position = max(chain.position, audit_entries.last_position(company_id=chain.company_id))


def _forget(company_id: UUID | None, before: datetime) -> int:
    forgotten = 0
    while count := _forget_some(company_id, before):
        forgotten += count
    return forgotten


def _forget_some(company_id: UUID | None, before: datetime) -> int:
    with transaction():
        tenancy.enter_company(company_id)
        chain = _take(company_id)
        first_kept = audit_entries.first_since(company_id=company_id, moment=before)
        through = min(chain.position if first_kept is None else first_kept - 1, chain.base_position + _PRUNED_AT_ONCE)
        base = audit_entries.seal_at(company_id=company_id, position=through)
        if base is None:  # nothing is old enough, or somebody took it away: that must stay to be seen
            return 0
        count = audit_entries.prune(through=through)
        chain.base_position, chain.base = through, base
        chain.seal = seal_of(chain)
        return count
