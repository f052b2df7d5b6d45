"""The embedded Valkey."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from launcher.valkey import EmbeddedValkey
from tests.launcher.processes import kill_hard

PASSWORD = "p'w:%/\"\\ü"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path / "with spaces" / "redis", PASSWORD) as running:
        yield running


def client(server: EmbeddedValkey, db: int = 0) -> "redis.Redis":
    return redis.Redis.from_url(server.url(db))


def test_keeps_keys_after_kill_9(server: EmbeddedValkey) -> None:
    with client(server) as connection:
        connection.set("greeting", "hello")
    kill_hard(server.pid)

    server.start()

    with client(server) as connection:
        assert connection.get("greeting") == b"hello"


def test_keeps_keys_when_stopped_and_started(server: EmbeddedValkey) -> None:
    with client(server, 3) as connection:
        connection.set("greeting", "hello")
    server.stop()
    server.start()

    with client(server, 3) as connection:
        assert connection.get("greeting") == b"hello"


def test_refuses_callers_without_the_password(server: EmbeddedValkey) -> None:
    with (
        redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.get("greeting")


def test_is_set_up_to_lose_nothing(server: EmbeddedValkey) -> None:
    with client(server) as connection:
        settings = connection.config_get("append*", "maxmemory-policy", "bind")

    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["bind"] == "127.0.0.1"


def test_password_is_in_a_private_file_and_not_among_the_arguments(server: EmbeddedValkey) -> None:
    assert (server.data_dir / "valkey.conf").stat().st_mode & 0o777 == 0o600
    assert PASSWORD.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up rights")
def test_runs_unprivileged(server: EmbeddedValkey) -> None:
    assert "Uid:\t0" not in Path(f"/proc/{server.pid}/status").read_text()


def test_password_of_two_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one line"):
        EmbeddedValkey(tmp_path, "two\nlines")
