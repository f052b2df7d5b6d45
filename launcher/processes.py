"""Asking about other processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path


def wait_until(condition: Callable[[], bool], deadline: float, pause: float = 0.02) -> bool:
    """Ask again and again until `deadline` (time.monotonic()); the last answer."""
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


def is_known(pid: int) -> bool:
    """Whether the number is taken, if only by a process that has ended and that nobody has collected yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_alive(pid: int) -> bool:
    """Whether the process runs, or one of its threads still does and so keeps its files and ports."""
    if not is_known(pid):
        return False
    try:
        # The state follows the command's name, which is in brackets and may itself hold any character: proc(5).
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
        return state != b"Z" or len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    except OSError:
        return not Path("/proc/self").exists()


def works_in(pid: int, folder: Path) -> bool:
    """Whether `folder` is the current folder of the process."""
    try:
        return folder.samefile(f"/proc/{pid}/cwd")
    except OSError:
        # Gone meanwhile, or another user's and so not ours. Without /proc nothing can be told: assume it.
        return not Path("/proc/self").exists()
