"""Entries that were there before chains were are sealed by the migration, in the order in which they were made."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import select, text

from app.config import Settings
from app.db import Base
from app.security import audit_seal
from tests.scratch import database_at

_OLD = """
    INSERT INTO audit_entries (id, company_id, event_type, entity_type, before, risk_level, created_at)
    VALUES (:id, CAST(:company AS uuid), :event, 'company', '{"name": "Zoë", "share": 2.50}', 'low',
        now() - :age * interval '1 h')
"""


@pytest.mark.slow  # a database of its own
def test_seals_what_is_there(app: Flask, settings: Settings) -> None:
    with database_at(settings, "0007") as (config, engine):
        company_id = uuid4()
        with engine.begin() as database:
            database.execute(
                text("INSERT INTO companies (id, name, email) VALUES (:id, 'Old', 'old@example.com')"),
                {"id": company_id},
            )
            for owner in (company_id, None):
                for age in (2, 3, 1):
                    values = {"id": uuid4(), "company": owner, "event": f"{age} hours ago", "age": age}
                    database.execute(text(_OLD), values)
        command.upgrade(config, "0008")
        for owner in (company_id, None):
            assert _holds(engine, owner) == ["3 hours ago", "2 hours ago", "1 hours ago"]


def _holds(engine: Any, company_id: UUID | None) -> list[str]:
    """The events of a chain in its order, after every seal was made once more."""
    chains, entries = Base.metadata.tables["audit_chains"], Base.metadata.tables["audit_entries"]
    with engine.connect() as database:
        chain = database.execute(select(chains).where(chains.c.company_id.is_not_distinct_from(company_id))).one()
        found = database.execute(
            select(entries).where(entries.c.company_id.is_not_distinct_from(company_id)).order_by(entries.c.position)
        ).mappings()
        head, events = audit_seal.NOTHING, []
        for entry in found:
            assert (entry["previous_seal"], entry["position"]) == (head, len(events) + 1)
            head = audit_seal.seal(chain.key, head, entry)
            assert entry["seal"] == head
            events.append(entry["event_type"])
    position = len(events)
    sealed = audit_seal.seal_head(
        chain.key, position=position, head=head, base_position=0, base=audit_seal.NOTHING, broken=False
    )
    assert (chain.position, chain.head, chain.seal) == (position, head, sealed)
    return events
