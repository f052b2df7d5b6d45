"""What the embedded servers have in common: an account, a folder, a port and a process."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from launcher.accounts import Account, give, name_of, service_account
from launcher.errors import LauncherError
from launcher.guarded import guarded_command, parent_environment
from launcher.ports import any_free_port, free_port
from launcher.processes import is_alive, is_known, wait_until, works_in

# Every path that a server sees goes through its current folder. It is entered with root's rights, so the account
# needs no access to the folders above (a checkout under /root works), and neither spaces, quotes nor the length
# of the checkout's path ever reach the server.
HERE = "/proc/self/cwd" if sys.platform == "linux" else "."

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_PREDECESSOR_SECONDS = 20.0
_LOG_TAIL_BYTES = 4000


class EmbeddedServer(ABC):
    """A server process that belongs to one folder and ends with the process that started it.

    Used in two ways: `start()` and `stop()` run it as a child of this process (the tests); `prepare()` and
    `command()` leave that to a process manager (scripts/run).
    """

    title: ClassVar[str]
    url_variable: ClassVar[str]  # what the application calls the server's URL
    stop_signal: ClassVar[signal.Signals]
    pid_file: ClassVar[str]

    def __init__(self, data_dir: Path, password: str, port: int | None = None) -> None:
        """data_dir: made when missing; its parent too. port: None takes a free one at each start."""
        if any(character in password for character in "\r\n\0"):
            raise ValueError("a server password is one line")
        self.data_dir = data_dir.absolute()
        self.password = password
        self._wanted_port = port
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1; known from `start()` or `prepare()` on."""
        if self._port is None:
            raise RuntimeError(f"{self.title} has no port before it is started")
        return self._port

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs as our child."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    @property
    def log_file(self) -> Path:
        """What the server writes when it runs as our child."""
        return self.data_dir.with_name(f"{self.data_dir.name}.log")

    def prepare(self) -> None:
        """Make everything ready for the command: folder, files, program. Safe to repeat.

        LauncherError: the folder belongs to someone else, can't be used, or another server is using it.
        """
        try:
            self.data_dir.parent.mkdir(parents=True, exist_ok=True)
            account = service_account(self.data_dir)
            self._refuse_foreign_folder()
            self._wait_for_predecessor()
            self._port = self._wanted_port or self._same_or_free_port()
            self._prepare_files(account)
        except PermissionError as error:
            raise LauncherError(f"{self.title} can't use {self.data_dir}: no permission ({error}).") from error

    def command(self) -> list[str]:
        """The argument list for a process manager; it needs `parent_environment()` in its environment."""
        account = service_account(self.data_dir)
        return guarded_command(
            self._server_command(account),
            death_signal=self.stop_signal,
            account=None if account is None else (account.uid, account.gid),
            directory=str(self.data_dir),
            isolate=True,
        )

    def start(self) -> None:
        """Start as a child of this process and wait until it answers. Call it from the main thread: the server ends
        when the starting thread does. LauncherError with the end of the log when it doesn't come up."""
        if self.pid is not None:
            return
        self.prepare()
        deadline = time.monotonic() + _START_SECONDS
        while not self._launch(deadline):
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop cleanly and wait; after 20 seconds, without mercy. Does nothing when it isn't running."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    @abstractmethod
    def default_url(self) -> str:
        """The connection URL that the application gets."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the server that belongs to the folder answers on its port."""

    @abstractmethod
    def _prepare_files(self, account: Account | None) -> None: ...

    @abstractmethod
    def _server_command(self, account: Account | None) -> list[str]: ...

    def _may_be_tried_again(self, log: str) -> bool:
        """Whether the server that ended at once failed for a reason that goes away by itself."""
        return False

    def _launch(self, deadline: float) -> bool:
        """One attempt; False when it is worth another one."""
        with self.log_file.open("ab") as log:
            self.log_file.chmod(0o600)
            seen = log.tell()
            self._process = subprocess.Popen(
                self.command(),
                env={**os.environ, **parent_environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C in the terminal is for us; we stop the server in order
            )
        ended = self._process.poll
        if wait_until(lambda: ended() is not None or self.is_ready(), deadline) and ended() is None:
            return True
        output = self._log_since(seen)
        if ended() is not None and self._may_be_tried_again(output) and time.monotonic() < deadline:
            return False
        self.stop()
        raise LauncherError(f"{self.title} did not start. The end of {self.log_file}:\n{output}")

    def _log_since(self, position: int) -> str:
        with self.log_file.open("rb") as log:
            log.seek(max(position, self.log_file.stat().st_size - _LOG_TAIL_BYTES))
            return log.read().decode(errors="replace").strip()

    def _refuse_foreign_folder(self) -> None:
        me = os.geteuid()
        if me == 0 or not self.data_dir.exists():
            return
        owner = self.data_dir.stat().st_uid
        if owner != me:
            raise LauncherError(
                f"{self.data_dir} belongs to {name_of(owner)}: {self.title} was started by root here before.\n"
                f"Start as root again, or make the folder yours: sudo chown -R {name_of(me)} "
                f"{shlex.quote(str(self.data_dir.parent))}"
            )

    def _same_or_free_port(self) -> int:
        return any_free_port() if self._port is None else free_port(self._port)

    def _make_folder(self, account: Account | None) -> None:
        self.data_dir.mkdir(mode=0o700, exist_ok=True)
        give(self.data_dir, account)

    def _wait_for_predecessor(self) -> None:
        """A server whose launcher was killed takes a moment to write everything down before it ends."""
        if not wait_until(lambda: self._running_server() is None, time.monotonic() + _PREDECESSOR_SECONDS):
            pid = self._running_server()
            raise LauncherError(
                f"{self.title} is already running on {self.data_dir} (process {pid}).\n"
                f"If nothing else needs it, end it with: kill -{self.stop_signal.name.removeprefix('SIG')} {pid}",
                exit_code=2,
            )
        # A pid file outlives kill -9, and its number may belong to any other program by now, or to the remains of the
        # old server that nobody has collected; the new one would take either for a twin and refuse to start. About a
        # number that nobody has it knows better than we do.
        pid_file = self.data_dir / self.pid_file
        pid = _first_number(pid_file)
        if pid is not None and is_known(pid):
            pid_file.unlink()

    def _running_server(self) -> int | None:
        """The process id of a live server on this folder: the one in its pid file, if it works in the folder."""
        pid = _first_number(self.data_dir / self.pid_file)
        return pid if pid is not None and is_alive(pid) and works_in(pid, self.data_dir) else None


def _first_number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii", errors="replace").split(maxsplit=1)[0])
    except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
        return None
