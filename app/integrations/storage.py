"""File storage: a port, and behind it a local folder or a bucket that speaks S3."""

import contextlib
import io
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Protocol, cast
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from app.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

log = logging.getLogger(__name__)

_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 3, 20, 3
# Larger files are sent in parts of this size: what one transfer holds in memory.
_PART_BYTES = 8 * 1024**2
_MISSING = {"NoSuchKey", "NotFound", "404"}


class StorageUnavailable(Unavailable):
    """The storage can't be reached, or refuses: a wrong key, a full disk. The log says which."""

    code = "storage_unavailable"
    detail = "The file storage is not available at the moment. Try again shortly."


class Storage(Protocol):
    """Keeps files by name. Names are ours (`logos/<id>.png`), never a caller's.

    All methods raise `StorageUnavailable`; the ones that read raise `FileNotFoundError`.
    """

    def put(self, name: str, content: bytes) -> None:
        """Stores a file, whole or not at all."""

    def put_file(self, name: str, path: Path) -> None:
        """Stores a copy of a local file, whole or not at all, without holding it in memory."""

    def get(self, name: str) -> bytes:
        """The file's content."""

    def open(self, name: str) -> BinaryIO:
        """The file, to be read from the beginning and closed by the caller."""

    def fetch_to(self, name: str, path: Path) -> None:
        """Writes a copy of the file to a local path, without holding it in memory."""

    def size(self, name: str) -> int:
        """The file's length in bytes."""

    def delete(self, name: str) -> None:
        """Removes a file; one that isn't there is no error."""


class LocalStorage:
    """Files below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def put(self, name: str, content: bytes) -> None:
        """See `Storage`."""
        with self._written(name) as file:
            file.write(content)

    def put_file(self, name: str, path: Path) -> None:
        """See `Storage`."""
        with path.open("rb") as source, self._written(name) as file:
            shutil.copyfileobj(source, file, _PART_BYTES)

    def get(self, name: str) -> bytes:
        """See `Storage`."""
        with self.open(name) as file:
            return file.read()

    def open(self, name: str) -> BinaryIO:
        """See `Storage`."""
        with _local_errors(name):
            return self._path(name).open("rb")

    def fetch_to(self, name: str, path: Path) -> None:
        """See `Storage`."""
        with self.open(name) as source, path.open("wb") as file:
            shutil.copyfileobj(source, file, _PART_BYTES)

    def size(self, name: str) -> int:
        """See `Storage`."""
        with _local_errors(name):
            return self._path(name).stat().st_size

    def delete(self, name: str) -> None:
        """See `Storage`."""
        with _local_errors(name), contextlib.suppress(FileNotFoundError):
            self._path(name).unlink()

    @contextlib.contextmanager
    def _written(self, name: str) -> Iterator[IO[bytes]]:
        path = self._path(name)
        # Written beside and renamed, so that nobody ever reads half a file.
        partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with _local_errors(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with partial.open("wb") as file:
                    yield file
                    file.flush()
                    # The row that names the file survives a power failure; so must the file.
                    os.fsync(file.fileno())
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        path = (self._folder / _checked(name)).resolve()
        if not path.is_relative_to(self._folder):
            raise ValueError(f"{name!r} leaves the storage folder")
        return path


class S3Storage:
    """Objects in one bucket of S3 or of something that speaks its protocol, below an optional prefix.

    The URL is `s3://bucket/prefix?endpoint=https://host:port&region=eu-central-1`. Without `endpoint` it is Amazon's.
    The keys are those of `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or whatever else boto3 finds by itself
    (https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html), unless the URL carries them:
    `s3://key:secret@bucket`, percent-encoded.
    """

    def __init__(self, url: SplitResult) -> None:
        self._bucket = url.hostname or ""
        self._prefix = url.path.strip("/")
        self._client, self._transfer, self._errors = _s3_client(url)

    def put(self, name: str, content: bytes) -> None:
        """See `Storage`."""
        with self._translated(name):
            self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=content)

    def put_file(self, name: str, path: Path) -> None:
        """See `Storage`."""
        with path.open("rb") as file, self._translated(name):
            self._client.upload_fileobj(file, self._bucket, self._key(name), Config=self._transfer)

    def get(self, name: str) -> bytes:
        """See `Storage`."""
        with self.open(name) as file:
            return file.read()

    def open(self, name: str) -> BinaryIO:
        """See `Storage`."""
        with self._translated(name):
            body = self._client.get_object(Bucket=self._bucket, Key=self._key(name))["Body"]
        return cast(BinaryIO, io.BufferedReader(_S3Body(self, name, body), 65_536))

    def fetch_to(self, name: str, path: Path) -> None:
        """See `Storage`."""
        with self.open(name) as source, path.open("wb") as file:
            shutil.copyfileobj(source, file, _PART_BYTES)

    def size(self, name: str) -> int:
        """See `Storage`."""
        with self._translated(name):
            head = self._client.head_object(Bucket=self._bucket, Key=self._key(name))
        return int(head["ContentLength"])

    def delete(self, name: str) -> None:
        """See `Storage`."""
        with contextlib.suppress(FileNotFoundError), self._translated(name):
            self._client.delete_object(Bucket=self._bucket, Key=self._key(name))

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{_checked(name)}".lstrip("/")

    @contextlib.contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            answer: Any = getattr(error, "response", None) or {}
            if answer.get("Error", {}).get("Code") in _MISSING:
                raise FileNotFoundError(name) from None
            log.warning("storage failed", extra={"file": name, "reason": str(error)})
            raise StorageUnavailable from None


class _S3Body(io.RawIOBase):
    """What comes from S3, as a file; connections that break become `StorageUnavailable`."""

    def __init__(self, storage: S3Storage, name: str, body: Any) -> None:
        self._storage, self._name, self._body = storage, name, body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        with self._storage._translated(self._name):
            content = self._body.read(len(view))
        view[: len(content)] = content
        return len(content)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


def make_storage(data_dir: Path, url: str = "") -> Storage:
    """The storage of `STORAGE_URL`: `s3://…` (see `S3Storage`), `folder:/path`, or, if empty, the folder `storage` of
    `DATA_DIR`. Raises `ValueError` for anything else."""
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.hostname:
        return S3Storage(parts)
    if parts.scheme == "folder" and parts.path:
        return LocalStorage(Path(parts.path))
    if url:
        raise ValueError("STORAGE_URL must be s3://bucket/prefix?endpoint=…, folder:/path, or empty.")
    return LocalStorage(data_dir / "storage")


def _checked(name: str) -> str:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise ValueError(f"{name!r} leaves the storage folder")
    return name


@contextlib.contextmanager
def _local_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise FileNotFoundError(name) from None
    except OSError as error:
        log.warning("storage failed", extra={"file": name, "reason": str(error)})
        raise StorageUnavailable from None


def _s3_client(url: SplitResult) -> tuple[Any, Any, tuple[type[Exception], ...]]:
    # Whoever stores in a folder would pay 30 MB and a third of a second a process for nothing.
    import boto3  # noqa: PLC0415
    from boto3.exceptions import Boto3Error  # noqa: PLC0415
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=asked.get("endpoint"),
        region_name=asked.get("region") or os.environ.get("AWS_REGION") or "us-east-1",
        aws_access_key_id=unquote(url.username) if url.username else None,
        aws_secret_access_key=unquote(url.password) if url.password else None,
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
            s3={"addressing_style": "path" if "endpoint" in asked else "auto"},
            # Others than Amazon don't know the checksums that boto3 adds by default.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    transfer = TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, use_threads=False)
    return client, transfer, (Boto3Error, BotoCoreError, ClientError)
