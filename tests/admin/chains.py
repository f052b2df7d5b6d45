"""Entries of chains, and what somebody with the database in their hands can do to them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry
from tests.cast import Cast
from tests.rows import all_of

VERIFY = "/v1/audit-log/verify"


def write_entries(client: FlaskClient, cast: Cast, count: int) -> None:
    """Entries of Acme's chain, by changing its name."""
    for number in range(count):
        client.put(f"/v1/company/{cast.acme}", json={"name": f"Acme {number}"}, headers=cast.alice.headers)


def chain_of(database: Session, company_id: UUID | None) -> Sequence[AuditEntry]:
    """A company's entries by their place."""
    criterion = AuditEntry.company_id == company_id if company_id else AuditEntry.company_id.is_(None)
    return sorted(all_of(database, AuditEntry, criterion), key=lambda entry: entry.position)


def by_hand(database: Session, statement: str, **values: Any) -> None:
    """What a superuser can do: without the triggers that keep everybody else from it."""
    database.rollback()
    database.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER USER"))
    database.execute(text(statement), values)
    database.execute(text("ALTER TABLE audit_entries ENABLE TRIGGER USER"))
    database.commit()


def problems(client: FlaskClient, cast: Cast, **query: Any) -> list[tuple[str, int | None]]:
    """What verifying Acme's chain finds, and where."""
    answer = client.get(VERIFY, query_string=query, headers=cast.alice.headers)
    assert answer.status_code == 200, answer.text
    found = answer.json
    assert found["valid"] == (not found["problems"])
    assert found["problem_count"] == len(found["problems"])
    return [(problem["kind"], problem["position"]) for problem in found["problems"]]
