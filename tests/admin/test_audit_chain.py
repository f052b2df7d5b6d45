"""Entries take their places in chains: in order, side by side, and never again."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core import tenancy
from app.core.transaction import transaction
from app.models.audit_chain import AuditChain
from app.models.audit_entry import AuditEntry
from app.models.company import Company
from app.security import audit_seal
from app.services import audit, audit_chain
from app.services.audit import Event
from tests.admin.chains import VERIFY, by_hand, chain_of, problems, write_entries
from tests.cast import Cast
from tests.rows import all_of, count


def test_every_column_is_sealed() -> None:
    """A column that nobody seals could be changed unseen."""
    columns = {column.key for column in inspect(AuditEntry).columns}
    assert set(audit_seal.SEALED) == columns - {"seal", "previous_seal"}


def test_entries_follow_one_another(client: FlaskClient, database: Session, cast: Cast) -> None:
    write_entries(client, cast, 3)
    entries = chain_of(database, cast.acme)
    assert [entry.position for entry in entries] == [1, 2, 3]
    assert [entry.previous_seal for entry in entries] == [audit_seal.NOTHING, *(each.seal for each in entries[:-1])]
    (chain,) = all_of(database, AuditChain)
    assert (chain.position, chain.head) == (3, entries[-1].seal)
    key = database.scalar(text("SELECT key FROM audit_chains"))
    assert chain.key not in key  # encrypted at rest


def test_each_company_and_the_platform_have_their_own(client: FlaskClient, database: Session, cast: Cast) -> None:
    write_entries(client, cast, 1)
    body = {"company_ids": [str(cast.acme), str(cast.globex)]}
    assert client.post("/v1/company/bulk-delete", json=body, headers=cast.root.headers).status_code == 200
    client.post("/v1/auth/login", json={"email": "nobody@acme.example", "password": "whatever"})
    chains = {
        company: [entry.position for entry in chain_of(database, company)] for company in (cast.acme, cast.globex)
    }
    assert chains == {cast.acme: [1, 2], cast.globex: [1]}
    assert [entry.event_type for entry in chain_of(database, None)] == ["login_failed"]


def test_a_rollback_leaves_no_entry(app: Flask, database: Session, cast: Cast) -> None:
    with app.app_context(), pytest.raises(ZeroDivisionError), transaction():
        tenancy.enter_company(cast.acme)
        audit.record(Event.COMPANY_CHANGED, "company", cast.acme, company_id=cast.acme, by=None)
        raise ZeroDivisionError
    assert (count(database, AuditEntry), count(database, AuditChain)) == (0, 0)


def test_many_at_once_take_different_places(app: Flask, client: FlaskClient, database: Session, cast: Cast) -> None:
    """Two companies in one transaction, in both orders, and the chains beginning in the same moment."""
    start = threading.Barrier(4)

    def write(number: int) -> None:
        companies = [cast.acme, cast.globex] if number % 2 else [cast.globex, cast.acme]
        with app.app_context():
            start.wait()
            for _ in range(10):
                with transaction():
                    for company_id in companies:
                        tenancy.enter_company(company_id)
                        audit.record(Event.COMPANY_CHANGED, "company", company_id, company_id=company_id, by=None)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for company_id in (cast.acme, cast.globex):
        assert [entry.position for entry in chain_of(database, company_id)] == list(range(1, 41))
    assert problems(client, cast) == []


def test_waits_for_nobody_who_holds_the_company(app: Flask, database: Session, cast: Cast) -> None:
    """Whoever holds the company's row and waits for the chain must not be waited for."""
    database.execute(text("SELECT FROM companies WHERE id = :id FOR UPDATE"), {"id": cast.acme})
    with app.app_context(), transaction() as current:
        current.execute(text("SET LOCAL lock_timeout = '5s'"))
        tenancy.enter_company(cast.acme)
        audit.record(Event.COMPANY_CHANGED, "company", cast.acme, company_id=cast.acme, by=None)
    database.rollback()
    assert count(database, AuditEntry) == 1


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entries SET risk_level = 'low'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"],
)
def test_not_even_the_owner_changes_an_entry_by_mistake(
    client: FlaskClient, database: Session, cast: Cast, statement: str
) -> None:
    write_entries(client, cast, 1)
    database.execute(text("SET LOCAL app.audit_pruning = ''"))  # the tests' own way of cleaning up
    with pytest.raises(DBAPIError, match="never changed or deleted"):
        database.execute(text(statement))
    assert count(database, AuditEntry) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET risk_level = 'low'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "DELETE FROM audit_chains",
        "ALTER TABLE audit_entries DISABLE TRIGGER USER",
    ],
)
def test_the_runtime_role_has_no_right_to(app: Flask, cast: Cast, statement: str) -> None:
    with (
        app.app_context(),
        pytest.raises(DBAPIError, match=r"permission denied|must be owner"),
        transaction() as current,
    ):
        tenancy.enter_company(cast.acme)
        current.execute(text("SET LOCAL app.audit_pruning = 'on'"))
        current.execute(text(statement))


def age(database: Session, cast: Cast, days: int, first: int) -> None:
    """Makes the first entries of Acme's chain old, with the seals that they would have."""
    entries, (chain,) = chain_of(database, cast.acme), all_of(database, AuditChain)
    head = audit_seal.NOTHING
    for entry in entries:
        at = datetime.now(UTC) - timedelta(days=days) if entry.position <= first else entry.created_at
        seal = audit_seal.seal(chain.key, head, {**vars(entry), "created_at": at})
        by_hand(
            database,
            "UPDATE audit_entries SET created_at = :at, previous_seal = :head, seal = :seal WHERE id = :id",
            **{"at": at, "head": head, "seal": seal, "id": entry.id},
        )
        head = seal
    chain = database.get_one(AuditChain, chain.id)
    chain.head = head
    chain.seal = audit_chain.seal_of(chain)
    database.commit()


def test_forgets_old_entries_and_still_holds_together(
    app: Flask, client: FlaskClient, database: Session, cast: Cast, with_settings: Callable[..., None]
) -> None:
    write_entries(client, cast, 5)
    age(database, cast, days=41, first=3)
    with app.app_context():
        assert audit_chain.forget_old() == 0  # nothing is ever forgotten, by default
        with_settings(audit_retention_days=40)
        assert audit_chain.forget_old() == 3
        assert audit_chain.forget_old() == 0
    assert [entry.position for entry in chain_of(database, cast.acme)] == [4, 5]
    assert problems(client, cast) == []
    answer = client.get(VERIFY, headers=cast.alice.headers).json
    assert (answer["checked"], answer["forgotten_through"], answer["position"]) == (2, 3, 5)
    write_entries(client, cast, 1)
    by_hand(database, "DELETE FROM audit_entries WHERE position = 4")
    assert problems(client, cast) == [("removed", 4)]


def test_postgres_forgets_nothing_young_whatever_it_is_told(
    app: Flask, client: FlaskClient, database: Session, cast: Cast
) -> None:
    write_entries(client, cast, 2)
    with app.app_context(), transaction() as current:
        tenancy.enter_company(cast.acme)
        assert current.scalar(text("SELECT frontdesk_prune_audit_entries(1000)")) == 0
    assert count(database, AuditEntry) == 2


def test_goes_on_when_somebody_turned_the_chain_back(client: FlaskClient, database: Session, cast: Cast) -> None:
    write_entries(client, cast, 3)
    by_hand(database, "UPDATE audit_chains SET position = 1")
    answer = client.put(f"/v1/company/{cast.acme}", json={"name": "Last"}, headers=cast.alice.headers)
    assert answer.status_code == 200
    assert [entry.position for entry in chain_of(database, cast.acme)] == [1, 2, 3, 4]
    assert ("head_changed", None) in problems(client, cast)
    assert database.get_one(Company, cast.acme).name == "Last"
