"""One start at a time per data folder."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import time
from pathlib import Path

from launcher.errors import LauncherError
from launcher.processes import is_alive

_PREDECESSOR_SECONDS = 25.0


class RunLock:
    """A file lock that the launcher takes and hands on to the process manager, so that it lasts as long as either.

    The file says who has it. It is emptied after a clean end: what it says at the next start tells of a crash.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self.after_crash = False

    @property
    def descriptor(self) -> int:
        if self._descriptor is None:
            raise RuntimeError("the lock is not held")
        return self._descriptor

    def acquire(self, url: str) -> None:
        """LauncherError (exit code 2) when a launcher is running here. When only its children are left, because it
        was killed, wait for them: they are on their way out."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + _PREDECESSOR_SECONDS
        while not _try_lock(descriptor):
            holder = _read(descriptor)
            pid = holder.get("pid")
            if isinstance(pid, int) and is_alive(pid):
                raise _already_running(pid, holder.get("url"))
            if time.monotonic() > deadline:
                raise LauncherError(
                    "The processes of an earlier start that was killed haven't ended."
                    f" Find them with: fuser -v {shlex.quote(str(self._path))}",
                    exit_code=2,
                )
            time.sleep(0.1)
        self.after_crash = bool(_read(descriptor))
        self._descriptor = descriptor
        _write(descriptor, json.dumps({"pid": os.getpid(), "url": url}))

    def release(self) -> None:
        """After everything has ended."""
        if self._descriptor is not None:
            _write(self._descriptor, "")
            os.close(self._descriptor)
            self._descriptor = None


def _already_running(pid: int, url: object) -> LauncherError:
    where = f" at {url}" if url else ""
    return LauncherError(
        f"Frontdesk is already running from this folder{where} (process {pid}).\n"
        f"Stop it with Ctrl-C in its terminal, or with: kill {pid}",
        exit_code=2,
    )


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> dict[str, object]:
    try:
        content = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:  # empty, or caught between truncation and writing
        return {}
    return content if isinstance(content, dict) else {}


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
