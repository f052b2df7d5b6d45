"""Taking in new documents: files and addresses.

A file is kept before the transaction that makes its row begins, and removed again unless that commits. Whatever is
wrong with one of several is told beside the others; only when none can be taken the call fails.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from app.core.clock import now
from app.core.ids import new_id
from app.core.offload import offload
from app.core.settings import settings
from app.core.transaction import after_commit
from app.errors import AppError, Conflict, Invalid, NotFound, TooLarge, UnsupportedType
from app.ingest.detect import Kind, detect
from app.ingest.errors import IngestError, NotHttp
from app.ingest.errors import TooLarge as FileTooLarge
from app.jobs import JobName, enqueue
from app.models.document import Document, DocumentSource
from app.models.webhook_event import WebhookEventType as Type
from app.repositories import agents, documents
from app.security.principal import Principal
from app.services import audit, document_events, document_files
from app.services.audit import Event

# How long a document waits for its message before a sweep sends another one.
GRACE = timedelta(seconds=15)
_LONGEST_NAME = 255
_LONGEST_URL = 2_000
_PORTS = {"http": 80, "https": 443}
# With the marks that turn the direction of text around: `invoice` + U+202E + `fdp.exe` would be shown as a PDF.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_NOT_PRINTED = re.compile(r"[\x00-\x20\x7f]")
# By the code of what is wrong with a file, when nothing else came with it.
_STATUS: Mapping[str, type[AppError]] = {"too_large": TooLarge, "unknown_type": UnsupportedType}
CONTENT_TYPES: Mapping[str, str] = {
    Kind.PDF: "application/pdf",
    Kind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Kind.PPTX: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.ODT: "application/vnd.oasis.opendocument.text",
    Kind.ODS: "application/vnd.oasis.opendocument.spreadsheet",
    Kind.EPUB: "application/epub+zip",
    Kind.CSV: "text/csv",
    Kind.HTML: "text/html",
    Kind.MARKDOWN: "text/markdown",
    Kind.TEXT: "text/plain",
}


class NothingSent(Invalid):
    """There is neither a file nor an address."""

    detail = "Send at least one file in `files`, or an address in `url` or `urls`."


class ChangedMeanwhile(Conflict):
    """A document of the same content came and went while this one was stored."""

    detail = "A document of the same content was changed at the same moment. Nothing was stored; try again."


@dataclass(frozen=True, kw_only=True)
class ReceivedFile:
    """A file as it came, on this machine's disk while the request lasts. `declared` is the media type that was sent
    along, `sha256` hexadecimal."""

    path: Path
    filename: str
    declared: str | None
    size: int
    sha256: str


@dataclass(kw_only=True)
class StagedFile:
    """A file that is kept under the id of the document to be, or the reason why it isn't."""

    received: ReceivedFile
    filename: str
    document_id: UUID = field(default_factory=new_id)
    kind: Kind | None = None
    storage_name: str | None = None
    refusal: IngestError | None = None
    has_row: bool = False

    def keep(self) -> None:
        """Its document is stored."""
        self.has_row = True


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of one file or address. `document` is None when it was refused, for the reason in `refusal`;
    `duplicate`: the agent had it already."""

    filename: str | None = None
    url: str | None = None
    document: Document | None = None
    duplicate: bool = False
    refusal: IngestError | None = None


@contextmanager
def stage(principal: Principal, files: Sequence[ReceivedFile]) -> Iterator[list[StagedFile]]:
    """Keeps the files that can be used, while the block runs; those that no committed document took are removed."""
    company_id = principal.company()
    staged = [StagedFile(received=each, filename=_clean_name(each.filename)) for each in files]
    try:
        for each in staged:
            _stage_one(company_id, each)
        yield staged
    finally:
        for each in staged:
            if each.storage_name and not each.has_row:
                document_files.storage().delete(each.storage_name)


def take(principal: Principal, *, agent_id: UUID, files: Sequence[StagedFile], urls: Sequence[str]) -> list[Taken]:
    """New documents of an agent, in the order in which they came, files first; each waits for a worker.

    What the agent has already comes back as it is. Raises `NotFound` for an agent that doesn't live, and the error of
    the first file or address when all of them are refused.
    """
    company_id = principal.company()
    if not files and not urls:
        raise NothingSent
    if len(urls) > settings().max_upload_files:
        raise Invalid(errors={"urls": [f"Send {settings().max_upload_files} addresses at most."]})
    if agents.get(company_id=company_id, agent_id=agent_id) is None:
        raise NotFound("There is no agent by this id.")
    wanted = [*(_of_file(each) for each in files), *(_of_url(each) for each in dict.fromkeys(urls))]
    taken: dict[int, Taken] = {}
    # In one order everywhere: two uploads of the same files the other way round would lock each other out.
    for number in sorted(range(len(wanted)), key=lambda each: wanted[each].key):
        taken[number] = _take_one(principal, agent_id, wanted[number])
    results = [taken[number] for number in range(len(wanted))]
    if all(each.refusal for each in results):
        raise _refusal_of(results)
    return results


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """A document to be; `same` is what tells whether the agent has it already."""

    source: DocumentSource
    same: Mapping[str, str]
    values: Mapping[str, Any]
    staged: StagedFile | None = None
    refusal: IngestError | None = None

    @property
    def key(self) -> str:
        return "".join(self.same.values())


def _stage_one(company_id: UUID, staged: StagedFile) -> None:
    limit = settings().max_document_bytes
    try:
        if staged.received.size > limit:
            raise FileTooLarge(f"The document has {staged.received.size:,} bytes; {limit:,} are allowed.")
        names = {"filename": staged.filename, "declared": staged.received.declared}
        staged.kind = offload(partial(detect, staged.received.path, **names))
    except IngestError as refusal:
        staged.refusal = refusal
        return
    name = document_files.name_of(company_id, staged.document_id)
    document_files.keep(name, staged.received.path)
    staged.storage_name = name


def _of_file(staged: StagedFile) -> _Wanted:
    title = staged.filename.rpartition(".")[0] or staged.filename
    values = {
        "id": staged.document_id,
        "title": title,
        "filename": staged.filename,
        "kind": staged.kind,
        "content_type": CONTENT_TYPES.get(staged.kind or ""),
        "size_bytes": staged.received.size,
        "storage_name": staged.storage_name,
    }
    same = {"content_hash": staged.received.sha256}
    return _Wanted(source=DocumentSource.FILE, same=same, values=values, staged=staged, refusal=staged.refusal)


def _of_url(url: str) -> _Wanted:
    try:
        plain = normalised_url(url)
    except NotHttp as refusal:
        return _Wanted(source=DocumentSource.URL, same={"url": url}, values={"url": url}, refusal=refusal)
    title = plain.partition("://")[2].rstrip("/")[:_LONGEST_NAME]
    return _Wanted(source=DocumentSource.URL, same={"url": plain}, values={"id": new_id(), "title": title})


def _take_one(principal: Principal, agent_id: UUID, wanted: _Wanted) -> Taken:
    named: dict[str, Any] = {name: wanted.values.get(name) or wanted.same.get(name) for name in ("filename", "url")}
    if wanted.refusal is not None:
        return Taken(**named, refusal=wanted.refusal)
    company_id = principal.company()
    values = {
        **wanted.values,
        **wanted.same,
        "agent_id": agent_id,
        "source": wanted.source,
        "uploaded_by": principal.user_id,
        "due_at": now() + GRACE,
    }
    if not documents.add_unless_known(company_id=company_id, values=values):
        known = documents.find_same(company_id=company_id, agent_id=agent_id, **wanted.same)
        if known is None:
            raise ChangedMeanwhile
        return Taken(**named, document=known, duplicate=True)
    document = documents.get(company_id=company_id, document_id=values["id"])
    if document is None:
        raise ChangedMeanwhile
    _note(principal, document)
    document_events.tell(Type.DOCUMENT_UPLOADED, company_id, document.id)
    if wanted.staged is not None:
        after_commit(wanted.staged.keep)
    enqueue(JobName.INGEST_DOCUMENT, company_id=company_id, document_id=document.id)
    return Taken(**named, document=document)


def _note(principal: Principal, document: Document) -> None:
    shown = ("agent_id", "title", "filename", "url", "kind", "size_bytes")
    audit.record(
        Event.DOCUMENT_UPLOADED,
        "document",
        document.id,
        company_id=document.company_id,
        by=principal,
        after={name: getattr(document, name) for name in shown},
    )


def _refusal_of(results: Sequence[Taken]) -> AppError:
    first = results[0].refusal
    family = _STATUS.get(first.code if first else "", Invalid)
    errors = {each.filename or each.url or "urls": [each.refusal.detail] for each in results if each.refusal}
    return family(first.detail if first else None, errors=errors)


def normalised_url(url: str) -> str:
    """An address in the form in which two of them are compared: without fragment and default port, its scheme and host
    in lower case. Raises `NotHttp`."""
    if len(url) > _LONGEST_URL:
        raise NotHttp
    if _NOT_PRINTED.search(url):
        raise NotHttp("The address holds blanks or invisible characters. Write a blank as %20.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotHttp from None
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in _PORTS or not host or "@" in parts.netloc:
        raise NotHttp
    host = f"[{host}]" if ":" in host else host
    netloc = host if port in {None, _PORTS[scheme]} else f"{host}:{port}"
    return urlunsplit((scheme, netloc, parts.path or "/", parts.query, ""))


def _clean_name(filename: str) -> str:
    """The last part of a path, as some browsers send one, without control characters and what is like them."""
    name = _CONTROLS.sub("", filename.replace("\\", "/").rpartition("/")[2]).strip()
    stem, dot, suffix = name.rpartition(".")
    room = _LONGEST_NAME - len(dot + suffix)
    return (f"{stem[:room]}{dot}{suffix}" if stem and room > 0 else name[:_LONGEST_NAME]) or "document"
