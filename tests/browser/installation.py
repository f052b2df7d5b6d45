"""A web process and a worker on a database of their own, on the servers of the tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from app.ai.local_model_build import prepare
from app.services.model_choice import BUILTIN_EMBEDDING_MODEL
from scripts.bench.installation import Api
from tests.conftest import SECRET_KEY

PROJECT = Path(__file__).resolve().parents[2]
_WEB = ("gunicorn", "-c", "gunicorn.conf.py", "wsgi:application")
# One process for all queues: it spends its time on answers, and documents are few and small.
_QUEUES = "chat,ingest,default"
_WORKER = ("celery", "-A", "celery_worker", "worker", "-P", "threads", "-c", "32", "-Q")
_QUIET = ("--without-gossip", "--without-mingle", "--loglevel", "WARNING")
# What `flask prepare` does, without the world's cities, which nobody asks for here.
_PREPARE = """
from app import create_app
from app.services import installation

with create_app().app_context():
    list(installation.prepare_database())
    installation.prepare_keys()
"""
_CATEGORIES = ("AUTHENTICATION", "GENERAL", "VISITORS", "UPLOAD", "AI", "ANALYTICS")


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Installation:
    """Starts on entering and ends with the block, whatever happens in it.

    number: of this test process; its database (`name`) and its Redis database (from `first_redis` on) are nobody
    else's, since the tests of the application empty theirs after each test. `settings` are added to the environment.
    """

    def __init__(
        self,
        folder: Path,
        number: int,
        models: Path,
        *,
        name: str = "browser",
        first_redis: int = 8,
        queues: str = _QUEUES,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self._folder, self._models, self._queues = folder, models, queues
        self._processes: list[subprocess.Popen[bytes]] = []
        database, redis = urlsplit(os.environ["TEST_DATABASE_URL"]), urlsplit(os.environ["TEST_REDIS_URL"])
        self._environment: Mapping[str, str] = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            **{f"RATE_LIMIT_{name}": "100000" for name in _CATEGORIES},
            "FRONTDESK_ENV": "test",
            "DATABASE_URL": urlunsplit(database._replace(path=f"{database.path}_{name}_{number}")),
            "REDIS_URL": urlunsplit(redis._replace(path=f"/{number + first_redis}")),
            # The runtime role belongs to the whole server, and its password follows from the key.
            "SECRET_KEYS": SECRET_KEY,
            "DATA_DIR": str(folder / "data"),
            "PUBLIC_URL": self.origin,
            "PORT": str(self.port),
            "ASYNC_MODE": "eventlet",
            "PASSWORD_HASH_MEMORY_KIB": "64",
            "PASSWORD_HASH_ITERATIONS": "1",
            "DATABASE_POOL_SIZE": "8",
            # A browser beside it may keep the machine busy for longer than a server may be silent.
            "DATABASE_CONNECT_TIMEOUT_SECONDS": "10",
            "DATABASE_POOL_TIMEOUT_SECONDS": "10",
            "REDIS_TIMEOUT_SECONDS": "3",
            "ALLOWED_NETWORKS": "127.0.0.0/8",
            "LOG_LEVEL": "WARNING",
            "OMP_NUM_THREADS": "1",
            **(settings or {}),
        }

    def __enter__(self) -> Self:
        try:
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def api(self) -> Api:
        """Calls as an integrator's program makes them."""
        return Api(self.port)

    def log(self) -> str:
        """What the processes said, for the message of a test that waited in vain."""
        return "\n".join(path.read_text(errors="replace")[-4000:] for path in sorted(self._folder.glob("*.log")))

    def kill_worker(self) -> None:
        """Ends the worker as the kernel does when memory is short, and starts another one."""
        os.killpg(self._worker.pid, signal.SIGKILL)
        self._worker.wait()
        self._processes.remove(self._worker)
        self._worker = self._start("worker", "-m", *_WORKER, self._queues, *_QUIET)

    @property
    def environment(self) -> Mapping[str, str]:
        """What its processes see."""
        return self._environment

    def _start_all(self) -> None:
        place = self._folder / "data" / "models" / BUILTIN_EMBEDDING_MODEL
        place.parent.mkdir(parents=True)
        prepare(self._models)
        place.symlink_to(self._models)
        self._wait_for(self._start("prepare", "-c", _PREPARE))
        self._worker = self._start("worker", "-m", *_WORKER, self._queues, *_QUIET)
        self._wait_for_web(self._start("web", "-m", *_WEB))

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=PROJECT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def _wait_for(self, process: subprocess.Popen[bytes]) -> None:
        if process.wait(120):
            raise RuntimeError(self.log())
        self._processes.remove(process)

    def _wait_for_web(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.1)
        raise RuntimeError(self.log())
