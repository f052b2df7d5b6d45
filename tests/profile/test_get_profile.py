"""GET /v1/user/profile."""

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.user import User
from tests.cast import Cast
from tests.rows import change

PATH = "/v1/user/profile"


def test_answers_the_callers_profile(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.bob.headers)
    assert answer.status_code == 200
    assert (answer.json["id"], answer.json["first_name"]) == (str(cast.bob.id), "Bob")
    assert (answer.json["timezone"], answer.json["language"], answer.json["preferences"]) == ("UTC", "en", {})


def test_shows_nothing_secret(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.bob.headers)
    assert "password" not in answer.text
    assert "argon2" not in answer.text


def test_answers_the_maker_of_a_key(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.key(cast.bob, "read"))
    assert answer.json == client.get(PATH, headers=cast.bob.headers).json


def test_answers_a_super_admin_whatever_company_they_name(client: FlaskClient, cast: Cast) -> None:
    for path in (PATH, f"{PATH}?company_id={cast.acme}"):
        for headers in (cast.root.headers, cast.key(cast.root, "read")):
            assert client.get(path, headers=headers).json["id"] == str(cast.root.id)


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert client.get(PATH).status_code == 401


def test_refuses_a_lead(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.vera.headers).status_code == 403


def test_refuses_a_key_narrowed_to_something_else(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "admin", permissions={"users": ["admin"]})
    assert client.get(PATH, headers=key).status_code == 403


def test_refuses_a_suspended_user(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, User, cast.bob.id, status="suspended")
    assert client.get(PATH, headers=cast.bob.headers).status_code == 401


def test_hides_another_company(client: FlaskClient, cast: Cast) -> None:
    assert client.get(f"{PATH}?company_id={cast.globex}", headers=cast.alice.headers).status_code == 404
