"""Messages and their citations, as more than one blueprint shows them."""

from typing import Any

from marshmallow import fields

from app.http.fields import EXAMPLE_ID, EXAMPLE_TIME
from app.http.schemas import ResponseSchema, doc


def _id(description: str, **extra: Any) -> fields.String:
    return fields.String(metadata={**doc(description, EXAMPLE_ID), "format": "uuid"}, **extra)


def _moment(description: str, **extra: Any) -> fields.String:
    return fields.String(metadata={**doc(description, EXAMPLE_TIME), "format": "date-time"}, **extra)


class CitationResponse(ResponseSchema):
    """Where a statement of an answer comes from. The server alone decides what is cited."""

    index = fields.Integer(metadata=doc("The number of the marker in the answer: `[1]`.", 1))
    document_id = _id("The document; missing where rows of a database are cited.")
    chunk_id = _id("The passage; missing where rows of a database are cited.")
    connection_id = _id("The connection to the database whose rows are cited; missing where it is a document.")
    title = fields.String(
        metadata=doc("The document's title, or what the connection to the database is called.", "Returns and refunds")
    )
    url = fields.String(allow_none=True, metadata=doc("Where the page is, for documents from the web.", None))
    page = fields.Integer(allow_none=True, metadata=doc("The page, from 1, where there are pages.", 3))
    heading_path = fields.List(
        fields.String(), metadata=doc("The headings above it, outermost first.", ["Returns", "How long"])
    )
    quote = fields.String(metadata=doc("The words that it rests on.", "You can return any item within 30 days."))
    start = fields.Integer(metadata=doc("Where the quote begins, in characters of the document's text.", 1204))
    end = fields.Integer(metadata=doc("Where it ends.", 1244))
    sql = fields.String(metadata=doc("The query whose rows are cited; missing where it is a document.", "SELECT 1"))
    ran_at = _moment("When the query ran; missing where it is a document.")
    row_count = fields.Integer(metadata=doc("How many rows came back; missing where it is a document.", 1))
    cut = fields.Boolean(metadata=doc("Whether there were more of them; missing where it is a document.", False))
    score = fields.Float(metadata=doc("How well the passage fitted the question, 0 to 1.", 0.93))


class FeedbackResponse(ResponseSchema):
    """What somebody thought of an answer."""

    rating = fields.String(allow_none=True, metadata=doc("`up` or `down`.", "up"))
    comment = fields.String(allow_none=True, metadata=doc("Why.", "Just what I needed"))
    at = _moment("When.", allow_none=True)


class TurnErrorResponse(ResponseSchema):
    """Why there is no answer."""

    code = fields.String(metadata=doc("A stable word for programs.", "gave_up"))
    detail = fields.String(
        metadata=doc("A sentence for people.", "This message could not be answered after several attempts.")
    )


class MessageResponse(ResponseSchema):
    """A message, the same here, in streams and in history."""

    id = _id("The id of the message.")
    conversation_id = _id("Its conversation.")
    sequence = fields.Integer(metadata=doc("Its place in the conversation, from 1.", 2))
    role = fields.String(metadata=doc("`user` (the visitor) or `assistant`.", "assistant"))
    content = fields.String(metadata=doc("What was said: Markdown, with markers such as `[1]`.", "Within 30 days. [1]"))
    reply_to_id = _id("The message that it answers; null for the visitor's.", allow_none=True)
    language = fields.String(allow_none=True, metadata=doc("BCP 47; of answers.", "en"))
    citations = fields.List(fields.Nested(CitationResponse), metadata={"description": "What its markers point to."})
    metadata = fields.Dict(
        metadata=doc("Who answered and how sure the documents are.", {"provider": "builtin", "confidence": 0.91})
    )
    feedback = fields.Nested(
        FeedbackResponse, allow_none=True, metadata={"description": "What somebody thought of it; null: nothing yet."}
    )
    status = fields.String(
        metadata=doc("`queued`, `processing`, `completed` or `failed`: of the answer to it.", "completed")
    )
    task_id = _id("The task that answers it; null for answers.", allow_none=True)
    error = fields.Nested(
        TurnErrorResponse, allow_none=True, metadata={"description": "Why there is no answer; null unless it failed."}
    )
    created_at = _moment("When it was said.")
    deleted_at = _moment("When it was deleted; null while it lives.", allow_none=True)
