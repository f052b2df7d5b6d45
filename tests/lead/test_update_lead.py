"""PUT /v1/lead/<lead_id>."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry
from app.models.lead import Lead
from tests.cast import Cast
from tests.rows import audited, count, now_in


def path(lead: Lead) -> str:
    """A lead."""
    return f"/v1/lead/{lead.id}"


def test_changes_what_is_given(client: FlaskClient, database: Session, cast: Cast, lea: Lead) -> None:
    body = {"status": "qualified", "notes": "Called.", "email": "lea@new.example", "phone": None, "source": "fair"}
    answer = client.put(path(lea), json=body, headers=cast.key(cast.bob, "write"))
    assert answer.status_code == 200
    assert {**body, "first_name": "Lea"}.items() <= answer.json.items()
    assert now_in(database, Lead, lea.id).status == "qualified"
    entry = audited(database, "lead_changed")
    assert (entry.before["status"], entry.after["status"]) == ("new", "qualified")


def test_notes_nothing_when_nothing_changes(client: FlaskClient, database: Session, cast: Cast, lea: Lead) -> None:
    assert client.put(path(lea), json={"first_name": "Lea"}, headers=cast.bob.headers).status_code == 200
    assert count(database, AuditEntry) == 0


def test_refuses_anonymous_calls(client: FlaskClient, lea: Lead) -> None:
    assert client.put(path(lea), json={}).status_code == 401


def test_refuses_lesser_scopes_and_visitors(client: FlaskClient, cast: Cast, lea: Lead) -> None:
    for headers in (cast.key(cast.alice, "read"), cast.vera.headers):
        assert client.put(path(lea), json={}, headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, database: Session, cast: Cast, lea: Lead) -> None:
    body = {"first_name": "Mallory"}
    assert client.put(path(lea), json=body, headers=cast.charlie.headers).status_code == 404
    assert client.put(f"/v1/lead/{uuid4()}", json=body, headers=cast.alice.headers).status_code == 404
    assert now_in(database, Lead, lea.id).first_name == "Lea"


@pytest.mark.parametrize(
    "body", [{"status": "cold"}, {"first_name": None}, {"email": None}, {"agent_id": str(uuid4())}, {"notes": 7}]
)
def test_refuses_bad_input(client: FlaskClient, cast: Cast, lea: Lead, body: dict[str, Any]) -> None:
    answer = client.put(path(lea), json=body, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(body))
