"""GET /v1/auth/api-keys."""

from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.company import Company
from tests.cast import Cast, Headers, Person
from tests.rows import change

PATH = "/v1/auth/api-keys"


def listed(client: FlaskClient, person: Person) -> list[str]:
    """The identifiers that somebody sees."""
    return [key["key"] for key in client.get(PATH, headers=person.headers).json["items"]]


def identifier(headers: Headers) -> str:
    """The public half of a key."""
    return headers["X-API-Key"]


def test_lists_the_callers_keys_the_newest_first(client: FlaskClient, cast: Cast) -> None:
    first, second = cast.key(cast.alice, "read"), cast.key(cast.alice, "write")
    answer = client.get(PATH, headers=cast.alice.headers)
    assert answer.status_code == 200
    assert listed(client, cast.alice) == [identifier(second), identifier(first)]
    assert answer.json["pagination"] == {"page": 1, "per_page": 20, "total": 2, "pages": 1}


def test_shows_nothing_secret(client: FlaskClient, cast: Cast) -> None:
    secret = cast.key(cast.alice, "read")["X-API-Secret"]
    answer = client.get(PATH, headers=cast.alice.headers)
    assert secret not in answer.text
    assert not {"secret", "secret_hash"} & set(answer.json["items"][0])


def test_shows_nobody_elses_keys(client: FlaskClient, cast: Cast) -> None:
    own = cast.key(cast.alice, "read")
    for other in (cast.bob, cast.charlie, cast.root):
        cast.key(other, "read")
    assert listed(client, cast.alice) == [identifier(own)]


def test_shows_only_keys_that_work(client: FlaskClient, cast: Cast) -> None:
    now = datetime.now(UTC)
    cast.key(cast.alice, "read", revoked_at=now)
    cast.key(cast.alice, "read", expires_at=now - timedelta(seconds=1))
    working = cast.key(cast.alice, "read", expires_at=now + timedelta(hours=1))
    assert listed(client, cast.alice) == [identifier(working)]


def test_goes_through_the_pages(client: FlaskClient, cast: Cast) -> None:
    keys = [identifier(cast.key(cast.bob, "read")) for _ in range(3)]
    query = {"page": 2, "per_page": 2}
    answer = client.get(PATH, query_string=query, headers=cast.bob.headers).json
    assert [key["key"] for key in answer["items"]] == keys[:1]
    assert answer["pagination"] == {"page": 2, "per_page": 2, "total": 3, "pages": 2}


def test_shows_a_super_admin_their_own(client: FlaskClient, cast: Cast) -> None:
    own = cast.key(cast.root, "read")
    cast.key(cast.alice, "read")
    assert listed(client, cast.root) == [identifier(own)]


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert client.get(PATH).status_code == 401


def test_refuses_api_keys(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.key(cast.alice, "admin")).status_code == 401


def test_refuses_a_lead(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.vera.headers).status_code == 403


def test_refuses_users_of_a_suspended_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, Company, cast.acme, status="suspended")
    assert client.get(PATH, headers=cast.alice.headers).status_code == 403


def test_refuses_bad_values(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, query_string={"page": 0, "per_page": 101}, headers=cast.alice.headers)
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"page", "per_page"})
