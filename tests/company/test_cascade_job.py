"""What belongs to a large company goes, and comes back, in pieces; GET /v1/company/<company_id>/cascade-delete."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.config import Settings
from app.models.company import Company
from app.models.company_deletion import CompanyDeletion
from app.models.lead import Lead
from app.models.user import User
from app.services import company_deletion
from tests.cast import Cast
from tests.guards.rules import PROJECT
from tests.rows import all_of, change, count, now_in

LEADS = 25


def path(cast: Cast) -> str:
    """Acme's end."""
    return f"/v1/company/{cast.acme}/cascade-delete"


def progress(client: FlaskClient, cast: Cast) -> Any:
    """How far it is."""
    answer = client.get(path(cast), headers=cast.root.headers)
    assert answer.status_code == 200
    return answer.json


@pytest.fixture
def large(database: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Acme has more leads than one piece."""
    monkeypatch.setattr(company_deletion, "_AT_ONCE", 10)
    database.add_all(Lead(company_id=cast.acme, first_name="Lea", last_name=str(n)) for n in range(LEADS - 1))
    database.commit()


@pytest.fixture
def work(app: Flask, database: Session) -> Callable[[], None]:
    """Does what workers are woken for."""

    def go_on() -> None:
        for deletion in all_of(database, CompanyDeletion):
            with app.app_context():
                company_deletion.work(deletion.company_id, deletion.id)

    return go_on


def delete(client: FlaskClient, cast: Cast) -> Any:
    """Deletes Acme; the answer."""
    return client.delete(path(cast), json={"delete_related": True}, headers=cast.root.headers)


def restore(client: FlaskClient, cast: Cast) -> int:
    """Restores Acme; the status."""
    return client.patch(f"/v1/company/{cast.acme}/restore", headers=cast.root.headers).status_code


@pytest.mark.usefixtures("large")
def test_the_company_goes_at_once_and_the_rest_in_the_background(
    client: FlaskClient, database: Session, cast: Cast, work: Callable[[], None]
) -> None:
    answer = delete(client, cast)
    assert (answer.status_code, answer.json["status"], answer.json["deleted"]) == (202, "deleting", {"leads": 10})
    assert now_in(database, Company, cast.acme).deleted_at is not None
    assert client.get("/v1/company", headers=cast.alice.headers).status_code == 403
    begun = progress(client, cast)
    assert (begun["status"], begun["total"], begun["finished_at"]) == ("deleting", None, None)
    work()
    done = progress(client, cast)
    assert (done["status"], done["deleted"]) == ("deleted", {"leads": LEADS, "users": 3})
    assert (done["total"], done["progress"], done["finished_at"] is not None) == (LEADS + 3, 1.0, True)
    deletion_id = now_in(database, Company, cast.acme).deletion_id
    assert count(database, Lead, Lead.deletion_id == deletion_id) == LEADS
    assert now_in(database, User, cast.charlie.id).deleted_at is None


@pytest.mark.usefixtures("large")
def test_gives_its_slot_to_others_and_goes_on_later(
    client: FlaskClient, cast: Cast, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company_deletion, "_LONGEST_SECONDS", 0.0)
    delete(client, cast)
    seen = []
    while progress(client, cast)["status"] == "deleting":
        seen.append((progress(client, cast)["deleted"]["leads"], progress(client, cast)["total"]))
        work()
    assert seen == [(10, None), (20, LEADS + 3)]
    assert progress(client, cast)["total"] == LEADS + 3


@pytest.mark.usefixtures("large")
def test_comes_back_in_pieces_too_with_what_went_together(
    client: FlaskClient, database: Session, cast: Cast, work: Callable[[], None]
) -> None:
    before = datetime.now(UTC)
    change(database, Lead, cast.vera.id, deleted_at=before, deletion_id=uuid4())
    delete(client, cast)
    work()
    assert restore(client, cast) == 200
    assert progress(client, cast)["status"] == "restoring"
    again = delete(client, cast)
    assert (again.status_code, again.json["code"]) == (409, "still_restoring")
    assert now_in(database, Company, cast.acme).deleted_at is None
    work()
    done = progress(client, cast)
    assert (done["status"], done["restored"], done["deleted"]) == ("restored", {"leads": LEADS - 1, "users": 3}, {})
    assert count(database, Lead, Lead.deleted_at.is_(None), Lead.company_id == cast.acme) == LEADS - 1
    assert now_in(database, Lead, cast.vera.id).deleted_at == before
    assert client.get("/v1/company", headers=cast.alice.headers).status_code == 200
    assert delete(client, cast).status_code == 202


@pytest.mark.usefixtures("large")
def test_a_call_for_many_companies_does_no_more_than_one_for_one(
    client: FlaskClient, cast: Cast, work: Callable[[], None]
) -> None:
    delete(client, cast)
    work()
    client.delete(f"/v1/company/{cast.globex}", headers=cast.root.headers)
    body = {"company_ids": [str(cast.acme), str(cast.globex)]}
    assert client.patch("/v1/company/bulk-restore", json=body, headers=cast.root.headers).status_code == 200
    assert (progress(client, cast)["status"], progress(client, cast)["restored"]) == ("restoring", {"leads": 5})
    work()
    assert progress(client, cast)["restored"] == {"leads": LEADS, "users": 3}


@pytest.mark.usefixtures("large")
def test_turns_round_in_the_middle(
    client: FlaskClient, database: Session, cast: Cast, work: Callable[[], None]
) -> None:
    delete(client, cast)
    assert restore(client, cast) == 200
    work()
    assert progress(client, cast)["restored"] == {"leads": 10}
    assert count(database, Lead, Lead.deleted_at.is_not(None)) == 0
    assert count(database, User, User.deleted_at.is_not(None)) == 0


@pytest.mark.usefixtures("large")
def test_a_worker_whose_work_was_taken_away_stops(
    app: Flask, client: FlaskClient, database: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete(client, cast)
    (deletion,) = all_of(database, CompanyDeletion)
    next_piece, pieces = company_deletion._next_piece, []

    def take_over(row: CompanyDeletion) -> bool:
        pieces.append(row.attempt)
        more = next_piece(row)
        row.attempt += 1  # somebody restores it in this moment
        return more

    monkeypatch.setattr(company_deletion, "_next_piece", take_over)
    with app.app_context():
        company_deletion.work(cast.acme, deletion.id)
    assert pieces == [1]


@pytest.mark.usefixtures("large")
def test_a_user_whose_email_is_taken_in_this_moment_stays_deleted(
    client: FlaskClient, database: Session, cast: Cast, work: Callable[[], None]
) -> None:
    delete(client, cast)
    work()
    assert restore(client, cast) == 200
    twin = {"email": cast.bob.email.upper(), "username": "twin", "first_name": "Bob", "last_name": "Too"}
    database.add(User(company_id=cast.globex, role="member", password_hash="x", **twin))
    database.commit()
    work()
    assert progress(client, cast)["restored"] == {"leads": LEADS, "users": 2}
    assert now_in(database, User, cast.bob.id).deleted_at is not None


def test_restores_what_was_deleted_without_a_record(client: FlaskClient, database: Session, cast: Cast) -> None:
    """By a version that kept none."""
    gone = {"deleted_at": datetime.now(UTC), "deletion_id": uuid4()}
    change(database, Company, cast.acme, **gone)
    change(database, Lead, cast.vera.id, **gone)
    assert restore(client, cast) == 200
    assert now_in(database, Lead, cast.vera.id).deleted_at is None


_KILLED = """
import os, signal, sys
from uuid import UUID
from app import create_app
from app.services import company_deletion
company_deletion._AT_ONCE = 10
finish, pieces = company_deletion._next_piece, []
def next_piece(deletion):
    pieces.append(1)
    if len(pieces) == 2:
        finish(deletion)
        os.kill(os.getpid(), signal.SIGKILL)  # in the middle of the transaction
    return finish(deletion)
company_deletion._next_piece = next_piece
with create_app().app_context():
    company_deletion.work(UUID(sys.argv[1]), UUID(sys.argv[2]))
"""


@pytest.mark.slow  # a process of its own, which is killed
@pytest.mark.usefixtures("large")
def test_another_worker_goes_on_where_one_was_killed(
    app: Flask,
    client: FlaskClient,
    database: Session,
    cast: Cast,
    settings: Settings,
    work: Callable[[], None],
) -> None:
    delete(client, cast)
    (deletion,) = all_of(database, CompanyDeletion)
    environ = {
        **os.environ,
        "SECRET_KEYS": settings.secret_keys[0],
        "DATABASE_RUNTIME_URL": settings.runtime_url,
        "REDIS_URL": settings.redis_url,
    }
    command = [sys.executable, "-c", _KILLED, str(cast.acme), str(deletion.id)]
    assert subprocess.run(command, cwd=PROJECT, env=environ, check=False).returncode == -signal.SIGKILL
    assert progress(client, cast)["deleted"] == {"leads": 20}
    work()  # whoever looks too early: the dead one's lease still runs
    assert progress(client, cast)["deleted"] == {"leads": 20}
    change(database, CompanyDeletion, deletion.id, due_at=datetime.now(UTC) - timedelta(seconds=1))
    with app.app_context():
        assert company_deletion.requeue_due() == 1
    work()
    assert progress(client, cast)["deleted"] == {"leads": LEADS, "users": 3}
    assert count(database, Lead, Lead.deletion_id == deletion.id) == LEADS


def test_tells_nothing_of_a_company_that_was_never_deleted(client: FlaskClient, cast: Cast) -> None:
    for company_id in (cast.acme, uuid4()):
        answer = client.get(f"/v1/company/{company_id}/cascade-delete", headers=cast.root.headers)
        assert answer.status_code == 404


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.get(path(cast)).status_code == 401


def test_refuses_everybody_but_super_admins(client: FlaskClient, cast: Cast) -> None:
    for person in (cast.alice, cast.bob, cast.vera, cast.charlie):
        assert client.get(path(cast), headers=person.headers).status_code == 403
    assert client.get(path(cast), headers=cast.key(cast.root, "admin")).status_code == 401
