"""File storage: a port, and a local folder behind it."""

import secrets
from pathlib import Path
from typing import Protocol


class Storage(Protocol):
    """Keeps files by name. Names are ours (`logos/<id>.png`), never a caller's."""

    def put(self, name: str, content: bytes) -> None:
        """Stores a file, whole or not at all."""

    def get(self, name: str) -> bytes:
        """The file's content; raises `FileNotFoundError`."""

    def delete(self, name: str) -> None:
        """Removes a file; one that isn't there is no error."""


class LocalStorage:
    """Files below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def put(self, name: str, content: bytes) -> None:
        """See `Storage`."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and renamed, so that nobody ever reads half a file.
        partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        partial.write_bytes(content)
        partial.replace(path)

    def get(self, name: str) -> bytes:
        """See `Storage`."""
        return self._path(name).read_bytes()

    def delete(self, name: str) -> None:
        """See `Storage`."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder):
            raise ValueError(f"{name!r} leaves the storage folder")
        return path


def make_storage(data_dir: Path) -> Storage:
    """The storage of this installation."""
    return LocalStorage(data_dir / "storage")
