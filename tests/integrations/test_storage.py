"""Both storages keep the same contract; S3 is moto's server, over real HTTP."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer

from app.integrations import storage as storages
from app.integrations.storage import LocalStorage, S3Storage, Storage, StorageUnavailable, make_storage

_MB = 1024 * 1024


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    client.create_bucket(Bucket="frontdesk")
    client.close()
    yield url
    server.stop()


# A client of boto3 takes a third of a second to make.
@pytest.fixture(scope="module", params=["local", "s3", "s3 below a prefix"])
def storage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    folder = tmp_path_factory.mktemp("files")
    if request.param == "local":
        yield make_storage(folder)
        return
    path = "/documents/of/all" if "prefix" in request.param else ""
    made = make_storage(folder, f"s3://key:secret@frontdesk{path}?endpoint={request.getfixturevalue('endpoint')}")
    yield made
    assert isinstance(made, S3Storage)
    made._client.close()


def test_what_was_put_can_be_read_in_every_way(storage: Storage, tmp_path: Path) -> None:
    storage.put("logos/a/b.png", b"content")
    storage.fetch_to("logos/a/b.png", tmp_path / "copy")
    with storage.open("logos/a/b.png") as file:
        assert file.read(3) == b"con"
        assert file.read() == b"tent"
    assert storage.get("logos/a/b.png") == (tmp_path / "copy").read_bytes() == b"content"
    assert storage.size("logos/a/b.png") == 7


def test_the_last_one_stays(storage: Storage) -> None:
    storage.put("name", b"first and longer")
    storage.put("name", b"second")
    assert storage.get("name") == b"second"


def test_an_empty_file(storage: Storage) -> None:
    storage.put("empty", b"")
    assert (storage.get("empty"), storage.size("empty")) == (b"", 0)


def test_a_file_larger_than_one_part(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "large"
    source.write_bytes(os.urandom(_MB) * 18)
    storage.put_file("documents/large.pdf", source)
    storage.fetch_to("documents/large.pdf", tmp_path / "copy")
    assert storage.size("documents/large.pdf") == 18 * _MB
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("ask", ["get", "open", "size"])
def test_what_is_not_there(storage: Storage, ask: str) -> None:
    with pytest.raises(FileNotFoundError, match="nothing/here"):
        getattr(storage, ask)("nothing/here")


def test_fetching_what_is_not_there_leaves_no_file(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        storage.fetch_to("nothing", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_deleting_twice_is_no_error(storage: Storage) -> None:
    storage.put("a/b", b"x")
    storage.delete("a/b")
    storage.delete("a/b")
    with pytest.raises(FileNotFoundError):
        storage.get("a/b")


@pytest.mark.parametrize("name", ["../outside", "a/../../outside", "/etc/passwd", "", "a\0b"])
def test_names_stay_inside(storage: Storage, name: str) -> None:
    for ask in (storage.get, storage.open, storage.size, storage.delete, lambda name: storage.put(name, b"x")):
        with pytest.raises(ValueError, match="leaves the storage folder"):
            ask(name)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    local = make_storage(tmp_path)
    local.put("a/b", b"x")
    for ask in (local.get, local.open):
        with pytest.raises(FileNotFoundError):
            ask("a")


def test_half_a_file_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local = LocalStorage(tmp_path)
    local.put("a", b"old")

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storages.os, "fsync", full)
    with pytest.raises(StorageUnavailable):
        local.put("a", b"new")
    assert local.get("a") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storages, "_CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(storages, "_READ_SECONDS", 0.2)
    monkeypatch.setattr(storages, "_ATTEMPTS", 1)


_ASK: list[Callable[[Storage], object]] = [
    lambda storage: storage.put("a", b"x"),
    lambda storage: storage.put_file("a", Path(__file__)),
    lambda storage: storage.get("a"),
    lambda storage: storage.open("a"),
    lambda storage: storage.size("a"),
    lambda storage: storage.delete("a"),
]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("ask", _ASK)
def test_a_server_that_is_down(ask: Callable[[Storage], object], tmp_path: Path) -> None:
    down = make_storage(tmp_path, "s3://key:secret@bucket?endpoint=http://127.0.0.1:1")
    with pytest.raises(StorageUnavailable):
        ask(down)


@pytest.mark.usefixtures("quick")
def test_a_bucket_that_is_not_there(endpoint: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    missing = make_storage(tmp_path, f"s3://key:secret@elsewhere?endpoint={endpoint}")
    for ask in (lambda: missing.get("a"), lambda: missing.put("a", b"x")):
        with pytest.raises(StorageUnavailable):
            ask()
    assert "storage failed" in caplog.text
    assert "secret" not in caplog.text


def test_where_files_are_kept(tmp_path: Path) -> None:
    make_storage(tmp_path).put("a", b"x")
    make_storage(tmp_path, f"folder:{tmp_path}/elsewhere").put("a", b"y")
    assert (tmp_path / "storage/a").read_bytes() == b"x"
    assert (tmp_path / "elsewhere/a").read_bytes() == b"y"


@pytest.mark.parametrize("url", ["ftp://x", "s3://", "s3:bucket", "folder:", "/path"])
def test_an_address_of_no_storage(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="STORAGE_URL must be"):
        make_storage(tmp_path, url)


def test_keys_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    made = S3Storage(urlsplit("s3://bucket?region=eu-central-1"))
    assert made._client._request_signer._credentials.access_key == "from-the-environment"
    assert made._client.meta.region_name == "eu-central-1"
    encoded = S3Storage(urlsplit("s3://a%2Fb:c%40d@bucket"))
    assert encoded._client._request_signer._credentials.secret_key == "c@d"
