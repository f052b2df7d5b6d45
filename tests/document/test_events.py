"""What webhooks are told of documents: one event for each change, which says what the API says at that moment."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.webhook_event import WebhookEvent
from tests.cast import Cast
from tests.document.conftest import Process, Upload
from tests.rows import all_of
from tests.webhook.conftest import add_webhook


@pytest.fixture(autouse=True)
def _somebody_listens(database: Session, cast: Cast) -> None:
    add_webhook(database, cast.acme, "https://hooks.acme.example")


@pytest.fixture
def events(database: Session) -> Any:
    """The events so far, as (type, data)."""
    return lambda: [(each.type, each.data) for each in all_of(database, WebhookEvent)]


@pytest.fixture
def shown(client: FlaskClient, cast: Cast) -> Any:
    """A document as the API shows it."""
    return lambda document: client.get(f"/v1/document/{document}", headers=cast.alice.headers).json


def test_documents_that_are_processed_deleted_and_restored(
    client: FlaskClient, cast: Cast, upload: Upload, process: Process, events: Any, shown: Any
) -> None:
    document = upload()
    assert events() == [("document.uploaded", shown(document))]
    process(document)
    assert events()[1:] == [("document.processed", shown(document))]
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    client.patch(f"/v1/document/{document}/restore", headers=cast.alice.headers)
    deleted, restored = events()[2:]
    assert (deleted[0], deleted[1]["id"], deleted[1]["deleted_at"] is None) == (
        "document.deleted",
        str(document),
        False,
    )
    assert restored == ("document.restored", shown(document))


def test_documents_that_can_not_be_used(upload: Upload, process: Process, events: Any, shown: Any) -> None:
    document: UUID = upload(b"%PDF-1.7\nnot one\n%%EOF", "broken.pdf")
    process(document)
    assert events()[1:] == [("document.failed", shown(document))]
    assert events()[1][1]["error_code"] is not None
