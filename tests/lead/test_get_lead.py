"""GET /v1/lead/<lead_id>."""

from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.lead import Lead
from tests.agent.rows import START
from tests.cast import Cast
from tests.rows import change


def path(lead: Lead) -> str:
    """A lead."""
    return f"/v1/lead/{lead.id}"


def test_shows_a_lead(client: FlaskClient, cast: Cast, lea: Lead) -> None:
    for headers in (cast.bob.headers, cast.key(cast.alice, "read")):
        answer = client.get(path(lea), headers=headers)
        assert answer.status_code == 200
        assert (answer.json["email"], answer.json["notes"]) == ("lea@example.com", "Likes tandems.")


def test_refuses_anonymous_calls(client: FlaskClient, lea: Lead) -> None:
    assert client.get(path(lea)).status_code == 401


def test_refuses_visitors_and_keys_for_something_else(client: FlaskClient, cast: Cast, lea: Lead) -> None:
    for headers in (cast.vera.headers, cast.key(cast.alice, "read", permissions={"agents": ["read"]})):
        assert client.get(path(lea), headers=headers).status_code == 403


def test_hides_other_companies_and_deleted_leads(client: FlaskClient, database: Session, cast: Cast, lea: Lead) -> None:
    assert client.get(path(lea), headers=cast.charlie.headers).status_code == 404
    assert client.get(f"/v1/lead/{uuid4()}", headers=cast.alice.headers).status_code == 404
    change(database, Lead, lea.id, deleted_at=START)
    assert client.get(path(lea), headers=cast.alice.headers).status_code == 404
