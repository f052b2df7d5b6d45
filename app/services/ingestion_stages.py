"""What is done to a document, stage by stage, outside of any transaction; results are stored in short ones."""

import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.ai.local_model import LocalEmbedder
from app.core.settings import settings
from app.ingest.chunk import Chunk, chunk
from app.ingest.detect import Kind, detect
from app.ingest.extract import Extracted, extract
from app.ingest.fetch import FetchPolicy, fetch
from app.ingest.limits import Limits
from app.models.document import Document, DocumentSource, DocumentStage
from app.services import document_files, passage_vectors
from app.services.document_lease import DocumentLease
from app.services.document_uploads import CONTENT_TYPES
from app.services.model_choice import BUILTIN_EMBEDDING

_LONGEST_TITLE = 300
# What programs write when nobody gave a title.
_NO_TITLE = re.compile(
    r"(?i)(untitled|unnamed|document|presentation|powerpoint presentation|book|sheet|slide|page|title)[\s_-]*\d*"
    r"|microsoft (word|excel|powerpoint)\b.*|.*\.(docx?|pptx?|xlsx?|pdf|odt|ods|indd|html?|txt)|[\W\d_]*"
)


@dataclass(frozen=True)
class LocalFile:
    """A document's file on this machine, and what was declared of it."""

    path: Path
    filename: str | None
    declared: str | None = None
    charset: str | None = None


@dataclass(frozen=True)
class Read:
    """What was found in a document."""

    kind: Kind
    extracted: Extracted
    chunks: tuple[Chunk, ...]

    @property
    def title(self) -> str | None:
        """The document's own title, when it is one."""
        title = (self.extracted.title or "").strip()
        return None if _NO_TITLE.fullmatch(title) else title[:_LONGEST_TITLE]


def bring(document: Document, lease: DocumentLease, folder: Path) -> LocalFile:
    """The document's file, fetched from its address if it has one. Raises `FetchError` and `FileNotFoundError`."""
    path = folder / "source"
    if document.source == DocumentSource.URL and document.url:
        return _fetch(document, document.url, lease, path)
    lease.report(DocumentStage.EXTRACTING)
    document_files.storage().fetch_to(document.storage_name or "", path)
    return LocalFile(path, document.filename, document.content_type)


def read(file: LocalFile, document: Document, lease: DocumentLease) -> Read:
    """The passages of a file; signs of life go through the lease. Raises `IngestError`."""
    stage = DocumentStage.EXTRACTING
    kind = detect(file.path, filename=file.filename, declared=file.declared)
    lease.report(stage, kind=kind, content_type=CONTENT_TYPES[kind])
    extracted = extract(
        file.path,
        kind,
        _limits(),
        charset=file.charset,
        on_progress=lambda done, total: lease.beat(stage, done, total),
    )
    lease.report(stage, 1, 1)
    return Read(kind, extracted, tuple(_cut(extracted, document, lease)))


def _fetch(document: Document, url: str, lease: DocumentLease, path: Path) -> LocalFile:
    lease.report(DocumentStage.FETCHING)
    fetched = fetch(url, policy=_policy(), to=path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    name = document_files.name_of(document.company_id, document.id)
    document_files.keep(name, path)
    lease.report(
        DocumentStage.EXTRACTING,
        storage_name=name,
        size_bytes=fetched.bytes,
        content_hash=digest,
        filename=fetched.filename,
    )
    return LocalFile(path, fetched.filename, fetched.content_type, fetched.charset)


def _cut(extracted: Extracted, document: Document, lease: DocumentLease) -> Iterator[Chunk]:
    cut = chunk(
        extracted.blocks,
        count_tokens=_count_tokens(),
        max_tokens=document.options.get("chunk_tokens") or settings().chunk_tokens,
        max_chunks=settings().max_document_chunks,
    )
    length = len(extracted.full_text)
    for each in cut:
        # The last part of the stage: its bar stands at the end already.
        lease.beat(DocumentStage.EXTRACTING, length, length)
        yield each


def _count_tokens() -> Callable[[str], int] | None:
    """The tokens of every passage are counted by the builtin model's tokenizer, whatever model embeds them."""
    local = passage_vectors.embedder(BUILTIN_EMBEDDING)
    return local.count_tokens if isinstance(local, LocalEmbedder) else None


def _policy() -> FetchPolicy:
    own = settings()
    return FetchPolicy(
        allow_networks=tuple(ipaddress.ip_network(each) for each in own.allowed_networks),
        max_bytes=own.max_document_bytes,
        timeout_seconds=own.fetch_timeout_seconds,
        max_redirects=own.fetch_max_redirects,
    )


def _limits() -> Limits:
    own = settings()
    return Limits(
        max_bytes=own.max_document_bytes,
        max_pages=own.max_document_pages,
        max_characters=own.max_document_characters,
        max_chunks=own.max_document_chunks,
        max_expansion_ratio=own.max_expansion_ratio,
        max_expanded_bytes=own.max_expanded_bytes,
        max_seconds=own.extraction_seconds,
        max_memory_bytes=own.extraction_memory_bytes,
    )
