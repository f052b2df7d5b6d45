"""GET /v1/company."""

from flask.testing import FlaskClient

from tests.cast import Cast

PATH = "/v1/company"


def test_answers_the_callers_company(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, headers=cast.bob.headers)
    assert answer.status_code == 200
    assert answer.json["id"] == str(cast.acme)
    assert answer.json["created_at"].endswith("Z")


def test_answers_the_same_to_a_key(client: FlaskClient, cast: Cast) -> None:
    by_key = client.get(PATH, headers=cast.key(cast.alice, "read"))
    assert by_key.json == client.get(PATH, headers=cast.alice.headers).json


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH)
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"


def test_refuses_a_lead(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.vera.headers).status_code == 403


def test_refuses_a_key_narrowed_to_something_else(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "read", permissions={"agents": ["read"]})
    assert client.get(PATH, headers=key).status_code == 403


def test_hides_another_company(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, query_string={"company_id": str(cast.globex)}, headers=cast.alice.headers)
    assert answer.status_code == 404


def test_asks_a_super_admin_which_company(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.root.headers).json["code"] == "company_required"
    named = client.get(PATH, query_string={"company_id": str(cast.globex)}, headers=cast.root.headers)
    assert named.json["id"] == str(cast.globex)
