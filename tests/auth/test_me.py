"""GET /v1/auth/user/me."""

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.user_session import UserSession
from tests.cast import Cast
from tests.rows import change

PATH = "/v1/auth/user/me"


def test_answers_the_user_and_the_company(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.bob.headers)
    assert answer.status_code == 200
    assert answer.json["user"]["email"] == cast.bob.email
    assert answer.json["company"]["id"] == str(cast.acme)
    assert answer.json["impersonator_id"] is None
    assert "argon2" not in answer.text


def test_answers_the_maker_of_a_key(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.key(cast.alice, "read"))
    assert answer.json["user"]["id"] == str(cast.alice.id)


def test_answers_no_company_to_a_super_admin(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.root.headers)
    assert (answer.json["user"]["role"], answer.json["company"]) == ("super_admin", None)


def test_shows_a_super_admin_the_company_they_name(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, query_string={"company_id": str(cast.globex)}, headers=cast.root.headers)
    assert answer.status_code == 200
    assert answer.json["user"]["id"] == str(cast.root.id)
    assert answer.json["company"]["id"] == str(cast.globex)


def test_says_who_impersonates(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, UserSession, cast.bob.session_id, impersonator_id=cast.root.id)
    answer = client.get(PATH, headers=cast.bob.headers)
    assert answer.json["impersonator_id"] == str(cast.root.id)


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    answer = client.get(PATH)
    assert (answer.status_code, answer.json["code"]) == (401, "authentication_failed")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_refuses_a_lead(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.vera.headers).status_code == 403


def test_refuses_a_key_narrowed_to_something_else(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "admin", permissions={"companies": ["admin"]})
    assert client.get(PATH, headers=key).status_code == 403


def test_hides_another_company(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, query_string={"company_id": str(cast.globex)}, headers=cast.alice.headers)
    assert answer.status_code == 404
