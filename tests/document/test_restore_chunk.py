"""PATCH /v1/document/chunk/<chunk_id>/restore."""

from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.chunk import Chunk
from app.models.document import Document
from tests.cast import Cast
from tests.rows import audited, now_in


def test_brings_one_back(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, chunks: list[UUID]
) -> None:
    client.delete(f"/v1/document/chunk/{chunks[1]}", headers=cast.alice.headers)
    answer = client.patch(f"/v1/document/chunk/{chunks[1]}/restore", headers=cast.key(cast.bob, "write"))
    assert (answer.status_code, answer.json["id"], answer.json["deleted_at"]) == (200, str(chunks[1]), None)
    assert now_in(database, Chunk, chunks[1]).deletion_id is None
    assert now_in(database, Document, document).chunk_count == 3
    assert audited(database, "chunk_restored").entity_id == str(chunks[1])


def test_refuses_what_lives(client: FlaskClient, cast: Cast, chunks: list[UUID]) -> None:
    answer = client.patch(f"/v1/document/chunk/{chunks[0]}/restore", headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "not_deleted")


def test_refuses_anonymous_calls_leads_and_keys_that_may_not(
    client: FlaskClient, cast: Cast, chunks: list[UUID]
) -> None:
    path = f"/v1/document/chunk/{chunks[0]}/restore"
    assert client.patch(path).status_code == 401
    for headers in (cast.vera.headers, cast.key(cast.alice, "read")):
        assert client.patch(path, headers=headers).status_code == 403


def test_hides_another_companys_and_none(client: FlaskClient, cast: Cast, chunks: list[UUID]) -> None:
    client.delete(f"/v1/document/chunk/{chunks[0]}", headers=cast.alice.headers)
    for each in (chunks[0], uuid4()):
        assert client.patch(f"/v1/document/chunk/{each}/restore", headers=cast.charlie.headers).status_code == 404
