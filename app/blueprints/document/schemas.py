"""Shapes of the document routes."""

from typing import Any

from marshmallow import fields, validate

from app.http.fields import EXAMPLE_ID, identifier, moment
from app.http.schemas import PageQuery, ResponseSchema, StrictSchema, doc, page_of, text
from app.ingest.detect import ACCEPTED, Kind
from app.models.document import DocumentSource, DocumentStatus
from app.repositories.documents import SORTABLE

_MOST_IDS = 100
_SORTS = [*SORTABLE, *(f"-{name}" for name in SORTABLE)]
_URL = "https://acme.example/returns"
_URLS = [_URL, "https://acme.example/faq"]
_URL_SCHEMA = {"type": "string", "maxLength": 2000, "minLength": 1}
_AGENT = "The agent that is to answer from them."
_ONE_URL = "The address of a web page or of a file."


def _url(description: str, **extra: Any) -> fields.String:
    return text(description, _URL, max_length=2000, **extra)


class UploadRequest(StrictSchema):
    """Documents for an agent. Files come as multipart/form-data, addresses in either form."""

    agent_id = identifier(_AGENT, required=True)
    url = _url(_ONE_URL)
    urls = fields.List(_url("An address."), load_default=list, metadata=doc("Several addresses.", _URLS))


UPLOAD_FORM = {
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["agent_id"],
                "additionalProperties": False,
                "properties": {
                    "agent_id": {
                        "type": "string",
                        "format": "uuid",
                        "description": _AGENT,
                        "example": EXAMPLE_ID,
                    },
                    "files": {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "description": f"One or several files: {ACCEPTED}.",
                    },
                    "url": {**_URL_SCHEMA, "description": _ONE_URL, "example": _URL},
                    "urls": {
                        "type": "array",
                        "items": _URL_SCHEMA,
                        "description": "Several addresses: a field of this name for each.",
                        "example": _URLS,
                    },
                },
            }
        }
    }
}


class TakenResponse(ResponseSchema):
    """What became of one file or address."""

    id = identifier("The document; null when it was refused.", allow_none=True)
    filename = fields.String(allow_none=True, metadata=doc("The file's name.", "Returns.pdf"))
    url = fields.String(allow_none=True, metadata=doc("The address.", _URL))
    status = fields.String(metadata=doc("The document's status, or `refused`.", "uploaded"))
    duplicate = fields.Boolean(metadata=doc("Whether the agent had the same content or address already.", False))
    error_code = fields.String(allow_none=True, metadata=doc("Why it was refused, for programs.", "unknown_type"))
    error = fields.String(allow_none=True, metadata=doc("Why it was refused.", "This is a ZIP archive."))


class UploadResponse(ResponseSchema):
    """What became of all of them, files first, in the order in which they came."""

    documents = fields.List(fields.Nested(TakenResponse), metadata={"description": "One for each file and address."})


class DocumentQuery(PageQuery):
    """Which documents are wanted, and in which order."""

    agent_id = identifier("Only this agent's.", load_default=None)
    status = fields.Enum(
        DocumentStatus, by_value=True, load_default=None, metadata=doc("Only those of this status.", "processed")
    )
    source = fields.Enum(
        DocumentSource, by_value=True, load_default=None, metadata=doc("Only files, or only web pages.", "file")
    )
    kind = fields.Enum(Kind, by_value=True, load_default=None, metadata=doc("Only those of this type.", "pdf"))
    search = text("A part of the title, the file's name or the address.", "returns", load_default=None)
    created_after = moment("Only those that came then or later.", load_default=None)
    created_before = moment("Only those that came before.", load_default=None)
    sort = fields.String(
        load_default="-created_at",
        validate=validate.OneOf(_SORTS),
        metadata=doc("By what they are sorted; with a minus: descending.", "-created_at"),
    )


class DeletedChunkQuery(PageQuery):
    """Which deleted passages are wanted."""

    document_id = identifier("Only this document's.", load_default=None)
    agent_id = identifier("Only this agent's.", load_default=None)


class ProcessRequest(StrictSchema):
    """How a document is processed."""

    chunk_tokens = fields.Integer(
        strict=True,
        load_default=None,
        validate=validate.Range(64, 512),
        metadata=doc("Longest passage, in tokens; without it as before.", 256),
    )


class DocumentIdsRequest(StrictSchema):
    """Several documents."""

    document_ids = fields.List(
        fields.UUID(),
        required=True,
        validate=validate.Length(min=1, max=_MOST_IDS),
        metadata=doc(f"Ids of documents, {_MOST_IDS} at most.", [EXAMPLE_ID]),
    )


class DocumentIdsResponse(ResponseSchema):
    """The documents that were deleted."""

    document_ids = fields.List(fields.UUID(), metadata=doc("Ids of the documents.", [EXAMPLE_ID]))


class DocumentResponse(ResponseSchema):
    """A document and how far it is."""

    id = identifier("The id of the document.")
    agent_id = identifier("The agent that answers from it.")
    uploaded_by = identifier("The user who uploaded it, or whose key did.", allow_none=True)
    source = fields.String(metadata=doc("`file` or `url`.", "file"))
    title = fields.String(metadata=doc("Its own title, else the file's name or the address.", "Returns and refunds"))
    filename = fields.String(allow_none=True, metadata=doc("The name under which it was uploaded.", "Returns.pdf"))
    url = fields.String(allow_none=True, metadata=doc("Where it was fetched.", _URL))
    kind = fields.String(allow_none=True, metadata=doc("What its content is; null: not known yet.", "pdf"))
    content_type = fields.String(allow_none=True, metadata=doc("The media type of that.", "application/pdf"))
    size_bytes = fields.Integer(allow_none=True, metadata=doc("Size of the file.", 48_213))
    language = fields.String(allow_none=True, metadata=doc("Language of most of it.", "en"))
    status = fields.String(metadata=doc("`uploaded`, `processing`, `processed` or `error`.", "processing"))
    stage = fields.String(
        metadata=doc("`queued`, `fetching`, `extracting`, `embedding` or `done`.", "embedding"),
    )
    progress = fields.Integer(metadata=doc("Of the present stage, in percent.", 60))
    page_count = fields.Integer(allow_none=True, metadata=doc("Pages, slides or sheets, where it has some.", 12))
    character_count = fields.Integer(allow_none=True, metadata=doc("Characters of text.", 21_504))
    chunk_count = fields.Integer(metadata=doc("Passages that can be found.", 41))
    options = fields.Dict(metadata=doc("How it is processed.", {"chunk_tokens": 256}))
    error_code = fields.String(allow_none=True, metadata=doc("What is wrong with it, for programs.", "encrypted"))
    error = fields.String(
        allow_none=True, metadata=doc("What is wrong with it.", "The document is protected by a password.")
    )
    retry_at = moment("When that is tried again by itself, since it may pass; else null.", allow_none=True)
    created_at = moment("When it came.")
    updated_at = moment("When anything of it last changed, its progress included.")
    processed_at = moment("When its passages were last made; null: never.", allow_none=True)
    deleted_at = moment("When it was deleted; null while it lives.", allow_none=True)


DocumentPage = page_of(DocumentResponse)


class ChunkResponse(ResponseSchema):
    """A passage with its place in the document."""

    id = identifier("The id of the passage.")
    document_id = identifier("The document that it is part of.")
    position = fields.Integer(metadata=doc("Its place among the passages, from 0.", 3))
    text = fields.String(metadata=doc("Its words.", "You can return any article within 30 days."))
    page = fields.Integer(allow_none=True, metadata=doc("The page that it begins on, from 1.", 2))
    page_end = fields.Integer(allow_none=True, metadata=doc("The page that it ends on.", 2))
    heading_path = fields.List(
        fields.String(), metadata=doc("The headings above it, outermost first.", ["Returns", "Deadlines"])
    )
    start = fields.Integer(metadata=doc("Where it begins, in characters of the whole text.", 1_204))
    end = fields.Integer(metadata=doc("Where it ends.", 1_846))
    tokens = fields.Integer(metadata=doc("Its length in tokens.", 143))
    language = fields.String(allow_none=True, metadata=doc("Its language.", "en"))
    deleted_at = moment("When it was deleted; null while it lives.", allow_none=True)


ChunkPage = page_of(ChunkResponse)


class RestoredChunksResponse(ResponseSchema):
    """How many passages came back."""

    document_id = identifier("The document.")
    restored = fields.Integer(metadata=doc("How many passages were restored.", 4))
