"""supervisord as the process manager: start it, talk to it, stop it."""

from __future__ import annotations

import hashlib
import http.client
import os
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import xmlrpc.client
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.errors import LauncherError
from launcher.guarded import guarded_command, parent_environment
from launcher.processes import is_alive, wait_until

_CONFIGURATION = Path(__file__).absolute().with_name("supervisord.conf")
_START_SECONDS = 15.0
_STOP_SECONDS = 25.0
_LEFTOVER_SECONDS = 8.0
_KEPT_LINES = 40
_IDLE_COMMAND = "false"  # what a program is configured with that this installation doesn't use


@dataclass(frozen=True)
class ProgramState:
    """A program as supervisord sees it. state: STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED or FATAL."""

    name: str
    state: str
    pid: int

    @property
    def is_failing(self) -> bool:
        return self.state in {"BACKOFF", "EXITED", "FATAL"}


class Supervisor:
    """One supervisord, child of this process; it and all that it started end when this process does."""

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        *,
        environment: Mapping[str, str],
        checkout: Path,
        logs: Path,
        lock_descriptor: int,
    ) -> None:
        """commands: program name → arguments, for those of the programs in supervisord.conf that are wanted.

        lock_descriptor: an open file that supervisord keeps open, and with it the lock on it.
        """
        self._commands = commands
        self._environment = environment
        self._checkout = checkout
        self._logs = logs
        self._lock_descriptor = lock_descriptor
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_folder = _private_folder(logs)
        self._socket = self._socket_folder / "supervisor.sock"
        self._known_pids: set[int] = set()
        self._said: deque[str] = deque(maxlen=_KEPT_LINES)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start supervisord itself; no program yet. Call it from the main thread, which has to outlive it."""
        self._socket.unlink(missing_ok=True)
        command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(_CONFIGURATION)]
        if os.geteuid() == 0:
            command += ["-u", "root"]  # says that it is meant, and so silences the warning
        self._process = subprocess.Popen(
            guarded_command(command),
            cwd=self._logs,
            env=self._supervisor_environment(),
            stdin=subprocess.DEVNULL,
            # Not a file: on a full disk it says here what it couldn't write, and would end if that failed, too.
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal reaches the launcher alone, which stops in order
            pass_fds=(self._lock_descriptor,),
        )
        self._said.clear()
        self._listener = threading.Thread(target=self._listen, args=(self._process,), name="supervisord", daemon=True)
        self._listener.start()
        if not wait_until(self._answers, time.monotonic() + _START_SECONDS):
            raise LauncherError(f"supervisord did not start:\n{self._last_words()}")

    def start_program(self, name: str) -> None:
        """Start a program without waiting for it."""
        self._call("startProcess", _full_name(name), False)

    def programs(self) -> list[ProgramState]:
        """The programs of this installation, in no special order."""
        answer = self._call("getAllProcessInfo")
        states = [ProgramState(entry["name"], entry["statename"], entry["pid"]) for entry in answer]
        self._known_pids.update(state.pid for state in states if state.pid)
        return [state for state in states if state.name in self._commands]

    def program(self, name: str) -> ProgramState:
        return next(state for state in self.programs() if state.name == name)

    def stop(self) -> None:
        """Stop the application, then the servers, then supervisord; what doesn't listen is killed."""
        if self._process is not None and self.is_running:
            self._ask_to_stop()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.end_leftovers()
        shutil.rmtree(self._socket_folder, ignore_errors=True)

    def end_leftovers(self) -> None:
        """See that everything has ended which a supervisord that was killed has left behind.

        The kernel has told them to end already; some may be slow or deaf.
        """
        if wait_until(lambda: not any(map(is_alive, self._known_pids)), time.monotonic() + _LEFTOVER_SECONDS):
            self._known_pids.clear()
            return
        for pid in filter(is_alive, self._known_pids):
            _kill_group(pid)
        self._known_pids.clear()

    def _ask_to_stop(self) -> None:
        """By a call rather than a signal, which it would notice up to a second later."""
        try:
            self.programs()  # so that the latest process ids are known
            self._call("shutdown")
        except (OSError, xmlrpc.client.Error, http.client.HTTPException):
            if self._process is not None:
                self._process.terminate()

    def _supervisor_environment(self) -> dict[str, str]:
        programs = ("postgres", "valkey", "web", "worker", "chat", "ingest", "webhooks", "beat")
        commands = {name: shlex.join(self._commands.get(name, [_IDLE_COMMAND])) for name in programs}
        return {
            **self._environment,
            **parent_environment(),
            **{f"FRONTDESK_COMMAND_{name.upper()}": command for name, command in commands.items()},
            "FRONTDESK_CHECKOUT": str(self._checkout),
            "FRONTDESK_SUPERVISOR_SOCKET": str(self._socket),
        }

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Keeps the last of what it says, and never lets it wait."""
        if process.stdout is not None:
            with process.stdout as lines:
                self._said.extend(line.decode(errors="replace") for line in lines)

    def _last_words(self) -> str:
        self._listener.join(1)
        return "".join(tuple(self._said)).strip()

    def _answers(self) -> bool:
        if not self.is_running:
            raise LauncherError(f"supervisord ended at once:\n{self._last_words()}")
        try:
            self._call("getState")
        except OSError:
            return False
        return True

    def _call(self, method: str, *arguments: object) -> Any:
        with xmlrpc.client.ServerProxy("http://supervisor", transport=_UnixTransport(self._socket)) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("supervisor", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket; supervisor's own transport is untyped and wants a URL."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        return _UnixConnection(self._path)


def _full_name(program: str) -> str:
    group = "servers" if program in {"postgres", "valkey"} else "application"
    return f"{group}:{program}"


def _private_folder(owner: Path) -> Path:
    """A folder of ours for the socket, whose path must fit into 107 bytes; a checkout's may not.

    Always the same one for the same `owner`, so that a launcher that was killed leaves no more than one.
    """
    temporary = tempfile.gettempdir()
    base = temporary if len(os.fsencode(temporary)) < 60 else "/tmp"  # noqa: S108 - see below
    folder = Path(base, f"frontdesk-{hashlib.sha256(os.fsencode(owner)).hexdigest()[:12]}")
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            return Path(tempfile.mkdtemp(prefix="frontdesk-", dir=base))  # somebody else's: anyone may make names there
    return folder


def _kill_group(pid: int) -> None:
    """supervisord makes every program the leader of a process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
