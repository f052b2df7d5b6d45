"""PATCH /v1/document/<document_id>/restore."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.extensions import redis_extension
from app.models.agent import Agent
from app.models.chunk import Chunk
from app.models.document import Document
from tests.cast import Cast
from tests.document.conftest import Upload
from tests.document.rows import add_document
from tests.rows import audited, change, now_in


def test_brings_it_back(client: FlaskClient, database: Session, cast: Cast, document: UUID) -> None:
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    answer = client.patch(f"/v1/document/{document}/restore", headers=cast.key(cast.bob, "write"))
    assert (answer.status_code, answer.json["id"], answer.json["deleted_at"]) == (200, str(document), None)
    assert now_in(database, Document, document).deletion_id is None
    assert audited(database, "document_restored").entity_id == str(document)


def test_leaves_passages_deleted_that_were_deleted_on_their_own(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, chunks: list[UUID]
) -> None:
    client.delete(f"/v1/document/chunk/{chunks[1]}", headers=cast.alice.headers)
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    client.patch(f"/v1/document/{document}/restore", headers=cast.alice.headers)
    assert [now_in(database, Chunk, each).deleted_at is None for each in chunks] == [True, False, True]


def test_tells_the_agent_its_languages_again(
    client: FlaskClient, database: Session, cast: Cast, agent: UUID, document: UUID, chunks: list[UUID]
) -> None:
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    client.patch(f"/v1/document/{document}/restore", headers=cast.alice.headers)
    assert now_in(database, Agent, agent).document_languages == ["en"]


@pytest.mark.parametrize("status", ["uploaded", "processing"])
def test_queues_what_was_not_finished(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, status: str
) -> None:
    change(database, Document, document, status=status)
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    client.patch(f"/v1/document/{document}/restore", headers=cast.alice.headers)
    assert now_in(database, Document, document).status == "uploaded"
    assert redis_extension.client.llen("frontdesk:ingest") == 1


def test_refuses_when_the_same_came_again_meanwhile(
    client: FlaskClient, database: Session, cast: Cast, agent: UUID, upload: Upload
) -> None:
    page = {"source": "url", "url": "https://acme.example/"}
    pages = [add_document(database, cast.acme, agent, **page, deleted_at=datetime.now(UTC))]
    add_document(database, cast.acme, agent, **page)
    file = upload()
    client.delete(f"/v1/document/{file}", headers=cast.alice.headers)
    upload()
    for each in (file, *pages):
        answer = client.patch(f"/v1/document/{each}/restore", headers=cast.alice.headers)
        assert (answer.status_code, answer.json["code"]) == (409, "same_document_exists")


def test_refuses_what_lives_and_what_belongs_to_a_deleted_agent(
    client: FlaskClient, database: Session, cast: Cast, agent: UUID, document: UUID
) -> None:
    path = f"/v1/document/{document}/restore"
    assert client.patch(path, headers=cast.alice.headers).json["code"] == "not_deleted"
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    change(database, Agent, agent, deleted_at=datetime.now(UTC))
    answer = client.patch(path, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "agent_deleted")


def test_refuses_anonymous_calls_leads_and_keys_that_may_not(client: FlaskClient, cast: Cast, document: UUID) -> None:
    path = f"/v1/document/{document}/restore"
    assert client.patch(path).status_code == 401
    for headers in (cast.vera.headers, cast.key(cast.alice, "read")):
        assert client.patch(path, headers=headers).status_code == 403


def test_hides_another_companys_and_none(client: FlaskClient, cast: Cast, document: UUID) -> None:
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    for each in (document, uuid4()):
        assert client.patch(f"/v1/document/{each}/restore", headers=cast.charlie.headers).status_code == 404
