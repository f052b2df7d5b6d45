"""DELETE and POST /v1/document/bulk-delete."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry
from app.models.document import Document
from tests.cast import Cast
from tests.document.rows import add_document
from tests.rows import count

PATH = "/v1/document/bulk-delete"
METHODS = pytest.mark.parametrize("method", ["DELETE", "POST"])


@pytest.fixture
def others(database: Session, cast: Cast, agent: UUID) -> list[UUID]:
    """Two more documents of acme."""
    return [add_document(database, cast.acme, agent) for _ in range(2)]


def ids(*documents: object) -> dict[str, list[str]]:
    """The body that names documents."""
    return {"document_ids": [str(document) for document in documents]}


def living(database: Session) -> int:
    """How many documents are not deleted."""
    return count(database, Document, Document.deleted_at.is_(None))


@METHODS
def test_deletes_several(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, others: list[UUID], method: str
) -> None:
    body = ids(document, others[0], document)
    answer = client.open(PATH, method=method, json=body, headers=cast.key(cast.bob, "write"))
    assert (answer.status_code, answer.json) == (200, ids(document, others[0]))
    assert living(database) == 1
    assert count(database, AuditEntry, AuditEntry.event_type == "document_deleted") == 2


@METHODS
def test_deletes_none_when_one_is_another_companys_or_none(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, foreign: UUID, method: str
) -> None:
    for other in (foreign, uuid4()):
        body = ids(document, other)
        assert client.open(PATH, method=method, json=body, headers=cast.alice.headers).status_code == 404
    assert (living(database), count(database, AuditEntry)) == (2, 0)


def test_deletes_none_when_one_is_deleted_already(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, others: list[UUID]
) -> None:
    client.delete(f"/v1/document/{others[0]}", headers=cast.alice.headers)
    answer = client.delete(PATH, json=ids(document, *others), headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"], living(database)) == (409, "already_deleted", 2)


@METHODS
def test_refuses_anonymous_calls_leads_and_keys_that_may_not(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, method: str
) -> None:
    assert client.open(PATH, method=method, json=ids(document)).status_code == 401
    for headers in (cast.vera.headers, cast.key(cast.alice, "read")):
        assert client.open(PATH, method=method, json=ids(document), headers=headers).status_code == 403
    assert living(database) == 1


@METHODS
@pytest.mark.parametrize(
    "body",
    [{}, {"document_ids": []}, {"document_ids": ["7"]}, {"document_ids": "x"}, {"document_ids": None}, []]
    + [{"document_ids": [str(uuid4()) for _ in range(101)]}, {"document_ids": [str(uuid4())], "more": 1}],
    ids=range(8),
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, method: str, body: Any) -> None:
    answer = client.open(PATH, method=method, json=body, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
