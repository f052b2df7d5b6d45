"""DELETE /v1/document/<document_id>."""

from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.chunk import Chunk
from app.models.document import Document
from tests.cast import Cast
from tests.rows import audited, now_in


def test_deletes_it_and_leaves_its_passages(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, chunks: list[UUID]
) -> None:
    answer = client.delete(f"/v1/document/{document}", headers=cast.key(cast.bob, "write"))
    assert (answer.status_code, answer.data) == (204, b"")
    assert now_in(database, Document, document).deleted_at is not None
    assert now_in(database, Chunk, chunks[0]).deleted_at is None
    entry = audited(database, "document_deleted")
    assert (entry.entity_id, entry.actor_kind, entry.risk_level) == (str(document), "api_key", "medium")


def test_hides_it_and_its_passages_at_once(client: FlaskClient, cast: Cast, document: UUID, chunks: list[UUID]) -> None:
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    assert client.get("/v1/document", headers=cast.alice.headers).json["items"] == []
    assert client.get(f"/v1/document/{document}/chunk", headers=cast.alice.headers).status_code == 404
    assert client.delete(f"/v1/document/chunk/{chunks[0]}", headers=cast.alice.headers).status_code == 404


def test_refuses_the_second_time(client: FlaskClient, cast: Cast, document: UUID) -> None:
    answers = [client.delete(f"/v1/document/{document}", headers=cast.alice.headers) for _ in range(2)]
    assert (answers[1].status_code, answers[1].json["code"]) == (409, "already_deleted")


def test_refuses_anonymous_calls_leads_and_keys_that_may_not(
    client: FlaskClient, database: Session, cast: Cast, document: UUID
) -> None:
    assert client.delete(f"/v1/document/{document}").status_code == 401
    for headers in (cast.vera.headers, cast.key(cast.alice, "read")):
        assert client.delete(f"/v1/document/{document}", headers=headers).status_code == 403
    assert now_in(database, Document, document).deleted_at is None


def test_hides_another_companys_and_none(client: FlaskClient, database: Session, cast: Cast, document: UUID) -> None:
    for each in (document, uuid4()):
        assert client.delete(f"/v1/document/{each}", headers=cast.charlie.headers).status_code == 404
    assert now_in(database, Document, document).deleted_at is None


@pytest.mark.parametrize("document_id", ["7", "null", "upload"])
def test_knows_no_document_by_what_is_no_id(client: FlaskClient, cast: Cast, document_id: str) -> None:
    assert client.delete(f"/v1/document/{document_id}", headers=cast.alice.headers).status_code in {404, 405}
