"""The scheduler while Redis comes and goes. Nothing restarts it here, as supervisors do."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from launcher.valkey import EmbeddedValkey
from tests.outage.conftest import PROJECT

_SWEEPS = "frontdesk:default"
# Sweeps come every five seconds; a busy machine is late.
_PATIENCE = 60.0


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A server of this test's own."""
    with EmbeddedValkey(tmp_path / "redis", "secret") as server:
        yield server


@pytest.fixture
def beat(valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running scheduler."""
    env = {
        **os.environ,
        "FRONTDESK_ENV": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",  # it needs none
        "REDIS_URL": valkey.url(),
        "SECRET_KEYS": "k" * 40,
        "DATA_DIR": str(tmp_path / "data"),
    }
    command = [sys.executable, "-m", "celery", "-A", "celery_worker", "beat", "-S", "redbeat.RedBeatScheduler"]
    process = subprocess.Popen(command, cwd=PROJECT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield process
    process.terminate()
    process.wait(30)


@pytest.mark.slow  # several processes
def test_goes_on_when_redis_is_back(beat: subprocess.Popen[bytes], valkey: EmbeddedValkey) -> None:
    _wait_for_sweeps(valkey)
    valkey.stop()
    time.sleep(6)  # longer than it sleeps between two looks, so that it meets the closed door
    valkey.start()
    _wait_for_sweeps(valkey)
    assert beat.poll() is None


def _wait_for_sweeps(valkey: EmbeddedValkey) -> None:
    """Takes away what was sent, and waits for more."""
    with redis.Redis.from_url(valkey.url()) as client:
        client.delete(_SWEEPS)
        end = time.monotonic() + _PATIENCE
        while not client.llen(_SWEEPS):
            assert time.monotonic() < end, "the scheduler sends nothing"
            time.sleep(0.2)
