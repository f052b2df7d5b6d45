"""Killing and finding processes, for the tests of what survives it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from launcher.processes import is_alive, wait_until

ROOT = Path(__file__).parents[2]


def kill_hard(pid: int | None) -> None:
    """kill -9, and wait until it has taken effect."""
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not is_alive(pid), f"process {pid} ends")


def eventually(condition: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    assert wait_until(condition, time.monotonic() + seconds), f"not within {seconds} s: {what}"


def children(pid: int) -> list[int]:
    """The processes that `pid` has started, theirs as well."""
    try:
        direct = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
    return [each for child in direct for each in (child, *children(child))]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def python_for_everyone() -> str | None:
    """A Python 3.11 or later that an unprivileged account can run; root's own may be below /root."""
    for name in (
        sys.executable,
        *(shutil.which(f"python3{minor}", path="/usr/local/bin:/usr/bin") for minor in _MINORS),
    ):
        if name is not None and _runs_as_nobody(name):
            return name
    return None


_MINORS = ("", ".13", ".12", ".11")


def _runs_as_nobody(python: str) -> bool:
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        subprocess.run([python, "-c", check], check=True, user="nobody", extra_groups=[], cwd="/")
        return True
    except (OSError, subprocess.CalledProcessError):
        return False
