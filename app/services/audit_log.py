"""Reading the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.errors import Invalid
from app.models.audit_entry import AuditEntry
from app.repositories import audit_entries
from app.repositories.audit_entries import Filters
from app.security.principal import Principal
from app.services import audit_verification
from app.services.audit_verification import Known, Verification

# Skipping entries means reading them; further back one gets by time.
MOST_SKIPPED = 10_000
# A request should not take much longer. Whoever has more entries calls again.
_VERIFYING_SECONDS = 5.0


@dataclass(frozen=True)
class Stretch:
    """Where a part of the log stands. `total` is how many entries fit; counting ends somewhere."""

    limit: int
    offset: int
    total: int
    total_is_exact: bool


@dataclass(frozen=True)
class Part:
    """A part of the log."""

    items: Sequence[AuditEntry]
    pagination: Stretch


def find(principal: Principal, filters: Filters, *, limit: int, offset: int) -> Part:
    """Entries of the company, the newest first; of the platform for a super admin who names no company."""
    company_id = _whose(principal)
    items = audit_entries.find(company_id=company_id, filters=filters, limit=limit, offset=offset)
    if len(items) < limit and (items or not offset):
        return Part(items, Stretch(limit, offset, offset + len(items), total_is_exact=True))
    most = MOST_SKIPPED + limit
    total = audit_entries.count(company_id=company_id, filters=filters, most=most + 1)
    return Part(items, Stretch(limit, offset, min(total, most), total_is_exact=total <= most))


def verify(principal: Principal, *, after: int, known_position: int | None, known_seal: str | None) -> Verification:
    """Verifies the chain of the company, or of the platform, for some seconds. Opens transactions of its own."""
    if (known_position is None) != (known_seal is None):
        missing = "known_seal" if known_seal is None else "known_position"
        raise Invalid(errors={missing: ["known_position and known_seal belong together."]})
    known = Known(known_position, known_seal) if known_position is not None and known_seal is not None else None
    return audit_verification.verify(_whose(principal), after=after, known=known, seconds=_VERIFYING_SECONDS)


def _whose(principal: Principal) -> UUID | None:
    return principal.company_id if principal.is_super_admin else principal.company()
