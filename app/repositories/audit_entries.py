"""The audit log: entries are added, never changed (the runtime role has no right to)."""

from app.core.transaction import session
from app.models.audit_entry import AuditEntry


def add(entry: AuditEntry) -> None:
    """Adds an entry to the running transaction."""
    session().add(entry)
    session().flush()
