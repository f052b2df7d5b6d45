"""DELETE /v1/document/<document_id>/chunk and PATCH /v1/document/<document_id>/chunk/restore-all."""

from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.chunk import Chunk
from app.models.document import Document
from tests.cast import Cast
from tests.rows import audited, count, now_in

BOTH = pytest.mark.parametrize(("method", "end"), [("DELETE", ""), ("PATCH", "/restore-all")])


def living(database: Session) -> int:
    """How many passages are not deleted."""
    return count(database, Chunk, Chunk.deleted_at.is_(None))


def test_deletes_all(client: FlaskClient, database: Session, cast: Cast, document: UUID, chunks: list[UUID]) -> None:
    client.delete(f"/v1/document/chunk/{chunks[0]}", headers=cast.alice.headers)
    answer = client.delete(f"/v1/document/{document}/chunk", headers=cast.key(cast.bob, "write"))
    assert (answer.status_code, answer.data) == (204, b"")
    assert (living(database), now_in(database, Document, document).chunk_count) == (0, 0)
    assert audited(database, "chunks_deleted").after == {"chunks": 2}


def test_restores_all(client: FlaskClient, database: Session, cast: Cast, document: UUID, chunks: list[UUID]) -> None:
    client.delete(f"/v1/document/chunk/{chunks[0]}", headers=cast.alice.headers)
    client.delete(f"/v1/document/{document}/chunk", headers=cast.alice.headers)
    answer = client.patch(f"/v1/document/{document}/chunk/restore-all", headers=cast.key(cast.bob, "write"))
    assert (answer.status_code, answer.json) == (200, {"document_id": str(document), "restored": 3})
    assert (living(database), now_in(database, Document, document).chunk_count) == (3, 3)
    assert audited(database, "chunks_restored").after == {"chunks": 3}


@BOTH
@pytest.mark.usefixtures("chunks")
def test_refuses_anonymous_calls_leads_and_keys_that_may_not(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, method: str, end: str
) -> None:
    path = f"/v1/document/{document}/chunk{end}"
    assert client.open(path, method=method).status_code == 401
    for headers in (cast.vera.headers, cast.key(cast.alice, "read")):
        assert client.open(path, method=method, headers=headers).status_code == 403
    assert living(database) == 3


@BOTH
@pytest.mark.usefixtures("chunks")
def test_hides_another_companys_a_deleted_one_and_none(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, method: str, end: str
) -> None:
    for each in (document, uuid4()):
        path = f"/v1/document/{each}/chunk{end}"
        assert client.open(path, method=method, headers=cast.charlie.headers).status_code == 404
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    path = f"/v1/document/{document}/chunk{end}"
    assert client.open(path, method=method, headers=cast.alice.headers).status_code == 404
    assert living(database) == 3
