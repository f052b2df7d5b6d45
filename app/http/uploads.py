"""Bodies with files: large ones, so they are read in pieces, to the disk, and before any transaction begins."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import g, request
from werkzeug.datastructures import FileStorage

from app.core.scratch import scratch_folder
from app.core.settings import settings
from app.errors import Invalid, TooLarge
from app.services.document_uploads import ReceivedFile

FIELD = "files"
_FORM = "multipart/form-data"
_PIECE_BYTES = 262_144
# Boundaries, names and the fields beside the files.
_FRAME_BYTES = 1_048_576


@contextmanager
def received() -> Iterator[list[ReceivedFile]]:
    """The files of the request's body, on disk while the block runs; none for a body of JSON.

    Raises `TooLarge` above `max_upload_bytes`, `Invalid` for too many files or files in other fields than `files`.
    """
    if request.mimetype != _FORM:
        request.get_data(cache=True)
        yield []
        return
    limit = settings().max_upload_bytes
    if (request.content_length or 0) > limit + _FRAME_BYTES:
        raise TooLarge(f"An upload may have {limit:,} bytes at most, all its files together.")
    request.max_content_length = limit + _FRAME_BYTES
    uploads = _of_the_field()
    with scratch_folder() as folder:
        g.received_files = [_keep(upload, folder / str(number)) for number, upload in enumerate(uploads)]
        yield g.received_files


def fingerprints() -> list[str] | None:
    """What tells the received files from others; None when the request is of another kind."""
    files: list[ReceivedFile] | None = g.get("received_files")
    return None if files is None else [f"{FIELD}:{each.filename}:{each.sha256}\n" for each in files]


def _of_the_field() -> list[FileStorage]:
    others = sorted(set(request.files) - {FIELD})
    if others:
        raise Invalid(errors={name: [f"Send files in the field `{FIELD}`."] for name in others})
    # A browser sends an empty part for a field that was left empty.
    uploads = [each for each in request.files.getlist(FIELD) if each.filename]
    if len(uploads) > settings().max_upload_files:
        raise Invalid(errors={FIELD: [f"Send {settings().max_upload_files} files at most."]})
    return uploads


def _keep(upload: FileStorage, path: Path) -> ReceivedFile:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        while piece := upload.stream.read(_PIECE_BYTES):
            digest.update(piece)
            size += file.write(piece)
            time.sleep(0)  # in a green process the others' turn
    return ReceivedFile(
        path=path, filename=upload.filename or "", declared=upload.mimetype, size=size, sha256=digest.hexdigest()
    )
