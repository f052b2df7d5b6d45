"""DELETE /v1/document/chunk/<chunk_id>."""

from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.chunk import Chunk
from app.models.document import Document
from tests.cast import Cast
from tests.document.rows import add_chunks
from tests.rows import audited, now_in


def test_deletes_one(client: FlaskClient, database: Session, cast: Cast, document: UUID, chunks: list[UUID]) -> None:
    answer = client.delete(f"/v1/document/chunk/{chunks[1]}", headers=cast.key(cast.bob, "write"))
    assert (answer.status_code, answer.data) == (204, b"")
    assert [now_in(database, Chunk, each).deleted_at is None for each in chunks] == [True, False, True]
    assert now_in(database, Document, document).chunk_count == 2
    entry = audited(database, "chunk_deleted")
    assert (entry.entity_id, entry.after["document_id"], entry.after["position"]) == (str(chunks[1]), str(document), 1)


def test_refuses_the_second_time(client: FlaskClient, database: Session, cast: Cast, chunks: list[UUID]) -> None:
    answers = [client.delete(f"/v1/document/chunk/{chunks[0]}", headers=cast.alice.headers) for _ in range(2)]
    assert (answers[1].status_code, answers[1].json["code"]) == (409, "already_deleted")


def test_knows_nothing_of_what_an_attempt_is_making(
    client: FlaskClient, database: Session, cast: Cast, document: UUID
) -> None:
    (chunk,) = add_chunks(database, document, "Not yet.", generation=2)
    assert client.delete(f"/v1/document/chunk/{chunk}", headers=cast.alice.headers).status_code == 404


def test_refuses_anonymous_calls_leads_and_keys_that_may_not(
    client: FlaskClient, database: Session, cast: Cast, chunks: list[UUID]
) -> None:
    path = f"/v1/document/chunk/{chunks[0]}"
    assert client.delete(path).status_code == 401
    for headers in (cast.vera.headers, cast.key(cast.alice, "read")):
        assert client.delete(path, headers=headers).status_code == 403
    assert now_in(database, Chunk, chunks[0]).deleted_at is None


def test_hides_another_companys_and_none(
    client: FlaskClient, database: Session, cast: Cast, chunks: list[UUID]
) -> None:
    for each in (chunks[0], uuid4()):
        assert client.delete(f"/v1/document/chunk/{each}", headers=cast.charlie.headers).status_code == 404
    assert now_in(database, Chunk, chunks[0]).deleted_at is None
