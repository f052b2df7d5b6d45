"""Where the files of documents are kept."""

from functools import cache
from pathlib import Path
from uuid import UUID

from app.core.offload import offload
from app.core.settings import settings
from app.integrations.storage import LocalStorage, Storage, make_storage


def storage() -> Storage:
    """The storage of this process."""
    return _storage(settings().data_dir, settings().storage_url)


def name_of(company_id: UUID, document_id: UUID) -> str:
    """What a document's file is called there."""
    return f"documents/{company_id}/{document_id}/source"


def keep(name: str, path: Path) -> None:
    """Stores a copy of a file of this machine."""
    kept_in = storage()
    if isinstance(kept_in, LocalStorage):
        offload(kept_in.put_file, name, path)  # waits for the disk; a bucket is waited for as for any other server
    else:
        kept_in.put_file(name, path)


_storage = cache(make_storage)
