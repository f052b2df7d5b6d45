"""The installation's secrets."""

import base64
import json
import threading
from pathlib import Path

import pytest

from launcher.errors import LauncherError
from launcher.secrets import Secrets, load_or_create


def test_are_made_once(tmp_path: Path) -> None:
    first = load_or_create(tmp_path / "secrets.json")

    assert load_or_create(tmp_path / "secrets.json") == first
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


def test_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    load_or_create(tmp_path / "secrets.json")

    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_differ_between_installations() -> None:
    assert Secrets.generate() != Secrets.generate()


def test_secret_key_is_32_bytes_in_url_safe_base64() -> None:
    assert len(base64.urlsafe_b64decode(Secrets.generate().secret_keys)) == 32


def test_whoever_comes_second_gets_the_same(tmp_path: Path) -> None:
    found: list[Secrets] = []
    threads = [
        threading.Thread(target=lambda: found.append(load_or_create(tmp_path / "secrets.json"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"postgres_password": "x"})])
def test_damage_is_reported_and_not_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(content)

    with pytest.raises(LauncherError, match="damaged"):
        load_or_create(path)
    assert path.read_text() == content
