"""GET /v1/auth/validate."""

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.user_session import UserSession
from tests.cast import Cast
from tests.rows import change

PATH = "/v1/auth/validate"


def test_says_whose_a_token_is(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.bob.headers)
    assert answer.status_code == 200
    assert answer.json == {
        "valid": True,
        "kind": "user",
        "id": str(cast.bob.id),
        "user_id": str(cast.bob.id),
        "company_id": str(cast.acme),
        "role": "member",
        "scopes": ["read", "write"],
        "session_id": str(cast.bob.session_id),
        "impersonator_id": None,
    }


def test_tells_the_scopes_of_each_role(client: FlaskClient, cast: Cast) -> None:
    scopes = {
        person: client.get(PATH, headers=person.headers).json["scopes"] for person in (cast.alice, cast.sam, cast.root)
    }
    assert scopes == {
        cast.alice: ["admin", "read", "write"],
        cast.sam: ["read", "write"],
        cast.root: ["admin", "read", "write"],
    }


def test_tells_a_super_admin_the_company_they_name(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.root.headers).json["company_id"] is None
    answer = client.get(PATH, query_string={"company_id": str(cast.acme)}, headers=cast.root.headers)
    assert answer.json["company_id"] == str(cast.acme)


def test_says_who_impersonates(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, UserSession, cast.bob.session_id, impersonator_id=cast.root.id)
    assert client.get(PATH, headers=cast.bob.headers).json["impersonator_id"] == str(cast.root.id)


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert client.get(PATH).status_code == 401


def test_refuses_api_keys(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.key(cast.alice, "admin")).status_code == 401


def test_refuses_a_lead(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.vera.headers).status_code == 403


def test_hides_another_company(client: FlaskClient, cast: Cast) -> None:
    for named in (str(cast.globex), "7", ""):
        answer = client.get(PATH, query_string={"company_id": named}, headers=cast.alice.headers)
        assert answer.status_code == 404
