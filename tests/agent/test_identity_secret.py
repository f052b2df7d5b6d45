"""POST and DELETE /v1/agent/<agent_id>/identity-secret."""

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.audit_entry import AuditEntry
from tests.agent.rows import START
from tests.cast import Cast
from tests.lead.test_identify_lead import identify, sign
from tests.rows import audited, change, count, now_in


def path(agent: Agent) -> str:
    return f"/v1/agent/{agent.id}/identity-secret"


def test_makes_a_secret_that_signs(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    answer = client.post(path(ronda), headers=cast.alice.headers)
    assert answer.status_code == 201
    secret = answer.json["secret"]
    assert secret.startswith("fdi_")
    assert len(secret) == 47
    assert (answer.json["agent_id"], answer.json["algorithm"]) == (str(ronda.id), "HS256")
    assert identify(client, ronda, sign(ronda, secret=secret)).status_code == 200


def test_it_is_shown_once(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    details = f"/v1/agent/{ronda.id}/details"
    assert client.get(details, headers=cast.alice.headers).json["has_identity_secret"] is False
    secret = client.post(path(ronda), headers=cast.key(cast.alice, "write")).json["secret"]
    shown = client.get(details, headers=cast.alice.headers)
    assert shown.json["has_identity_secret"] is True
    assert secret not in shown.get_data(as_text=True)
    assert secret not in client.get(f"/widget/panel/{ronda.id}").get_data(as_text=True)
    stored = database.execute(text("SELECT identity_secret FROM agents WHERE id = :id"), {"id": ronda.id}).scalar()
    assert stored and secret not in stored
    entry = audited(database, "identity_secret_created")
    assert secret not in f"{entry.before} {entry.after}"


def test_a_new_one_ends_the_old_one(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    old, new = (client.post(path(ronda), headers=cast.alice.headers).json["secret"] for _ in range(2))
    assert old != new
    assert identify(client, ronda, sign(ronda, secret=old)).status_code == 401
    assert identify(client, ronda, sign(ronda, secret=new)).status_code == 200


def test_removes_it(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    secret = client.post(path(ronda), headers=cast.alice.headers).json["secret"]
    for _ in range(2):
        assert client.delete(path(ronda), headers=cast.alice.headers).status_code == 204
    assert identify(client, ronda, sign(ronda, secret=secret)).status_code == 401
    assert now_in(database, Agent, ronda.id).identity_secret is None
    audited(database, "identity_secret_deleted")


def test_a_copy_has_none(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    client.post(path(ronda), headers=cast.alice.headers)
    copied = client.post(f"/v1/agent/{ronda.id}/clone", headers=cast.alice.headers)
    assert copied.json["has_identity_secret"] is False


def test_refuses_anonymous_calls(client: FlaskClient, ronda: Agent) -> None:
    for method in (client.post, client.delete):
        assert method(path(ronda)).status_code == 401


def test_refuses_everybody_but_admins(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    for headers in (
        cast.bob.headers,
        cast.sam.headers,
        cast.vera.headers,
        cast.key(cast.alice, "read"),
        cast.key(cast.bob, "write"),
        cast.key(cast.alice, "write", permissions={"leads": ["write"]}),
    ):
        for method in (client.post, client.delete):
            assert method(path(ronda), headers=headers).status_code == 403
    assert count(database, AuditEntry) == 0


def test_hides_other_companies_and_deleted_agents(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    assert client.post(path(ronda), headers=cast.charlie.headers).status_code == 404
    assert client.delete(path(ronda), headers=cast.charlie.headers).status_code == 404
    change(database, Agent, ronda.id, deleted_at=START)
    assert client.post(path(ronda), headers=cast.alice.headers).status_code == 404
