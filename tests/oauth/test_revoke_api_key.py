"""DELETE /v1/auth/api-keys/<api_key_id>."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.api_key import ApiKey
from app.models.audit_entry import AuditEntry
from tests.cast import Cast, Headers
from tests.rows import all_of, audited, count, now_in


def id_of(database: Session, key: Headers) -> UUID:
    """The id of a key's row."""
    (row,) = all_of(database, ApiKey, ApiKey.key == key["X-API-Key"])
    return row.id


def path(database: Session, key: Headers) -> str:
    """Where a key is revoked."""
    return f"/v1/auth/api-keys/{id_of(database, key)}"


def test_ends_a_key_at_once(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.bob, "read")
    assert client.get("/v1/company", headers=key).status_code == 200
    answer = client.delete(path(database, key), headers=cast.bob.headers)
    assert (answer.status_code, answer.data) == (204, b"")
    after = client.get("/v1/company", headers=key)
    assert (after.status_code, after.json["code"]) == (401, "api_key_revoked")
    assert now_in(database, ApiKey, id_of(database, key)).revoked_at is not None


def test_audits_the_end(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.bob, "read")
    client.delete(path(database, key), headers=cast.alice.headers)
    entry = audited(database, "api_key_revoked")
    assert (entry.entity_id, entry.actor_id) == (str(id_of(database, key)), cast.alice.id)
    assert entry.before == {"name": "test key", "scopes": ["read"]}


def test_says_nothing_the_second_time(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.bob, "read")
    assert client.delete(path(database, key), headers=cast.bob.headers).status_code == 204
    first = now_in(database, ApiKey, id_of(database, key)).revoked_at
    assert client.delete(path(database, key), headers=cast.bob.headers).status_code == 204
    assert now_in(database, ApiKey, id_of(database, key)).revoked_at == first
    assert count(database, AuditEntry) == 1


def test_ends_an_expired_key_too(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.bob, "read", expires_at=datetime.now(UTC) - timedelta(days=1))
    assert client.delete(path(database, key), headers=cast.bob.headers).status_code == 204


def test_lets_an_admin_end_a_colleagues_key(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.bob, "read")
    assert client.delete(path(database, key), headers=cast.alice.headers).status_code == 204
    assert client.get("/v1/company", headers=key).status_code == 401


def test_lets_a_super_admin_end_a_key_of_the_company_they_name(
    client: FlaskClient, database: Session, cast: Cast
) -> None:
    key = cast.key(cast.alice, "read")
    assert client.delete(path(database, key), headers=cast.root.headers).status_code == 404
    named = f"{path(database, key)}?company_id={cast.acme}"
    assert client.delete(named, headers=cast.root.headers).status_code == 204


def test_hides_others_keys_from_members_and_supporters(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.alice, "read")
    for person in (cast.bob, cast.sam):
        assert client.delete(path(database, key), headers=person.headers).status_code == 404
    assert client.get("/v1/company", headers=key).status_code == 200


def test_hides_keys_of_another_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.alice, "read")
    assert client.delete(path(database, key), headers=cast.charlie.headers).status_code == 404
    assert client.get("/v1/company", headers=key).status_code == 200


def test_answers_404_when_there_is_none(client: FlaskClient, cast: Cast) -> None:
    for key_id in (uuid4(), "7"):
        assert client.delete(f"/v1/auth/api-keys/{key_id}", headers=cast.alice.headers).status_code == 404


def test_refuses_anonymous_calls(client: FlaskClient, database: Session, cast: Cast) -> None:
    assert client.delete(path(database, cast.key(cast.alice, "read"))).status_code == 401


def test_refuses_api_keys_even_their_own_end(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.alice, "admin")
    assert client.delete(path(database, key), headers=key).status_code == 401
    assert client.get("/v1/company", headers=key).status_code == 200


def test_refuses_a_lead(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.alice, "read")
    assert client.delete(path(database, key), headers=cast.vera.headers).status_code == 403
