"""Telling webhooks what happened to documents."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.models.webhook_event import WebhookEventType
from app.repositories import documents
from app.services import webhook_events, webhook_payloads


def tell(event_type: WebhookEventType, company_id: UUID, document_id: UUID) -> None:
    """Says what the document is like now, as the running transaction sees it."""

    def data() -> Mapping[str, Any]:
        # Workers change documents by statements, which rows in memory don't show.
        document = documents.lock(company_id=company_id, document_id=document_id)
        return {"id": str(document_id)} if document is None else webhook_payloads.document(document)

    webhook_events.record(company_id, event_type, document_id, data)
