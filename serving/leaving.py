"""A worker that is to end does end, whatever its threads do.

The interpreter waits at its exit for the threads of a pool, and one of them may serve a listener for as long as that
one stays. gunicorn's arbiter kills such a worker, but only when it was the arbiter that was told to stop, and not when
it is gone itself.

The clocks here run on native threads, since a green one may never have its turn again. They write no log: a thread that
hangs may hold its lock.
"""

import importlib
import os
from functools import cache
from typing import Any

from serving.boot import AsyncMode, booted_mode

# What exit handlers get. The arbiter kills what is left when the graceful time-out is over: be gone by then.
EXIT_SECONDS = 0.5

# What a worker gets that is told to stop at once.
QUICK_EXIT_SECONDS = 1.0

# How long running requests are still answered when nobody is there who could start another worker.
ORPHAN_SECONDS = 5.0

_LOOK_SECONDS = 1.0


def exit_within(seconds: float) -> None:
    """Ends this process when so many seconds have passed, if it has not ended before. Signal handlers may call it."""
    _native("_thread").start_new_thread(_exit_in, (seconds,))


def exit_after(parent: int) -> None:
    """Ends this process `ORPHAN_SECONDS` after its parent, whose process id is `parent`, has ended."""
    _native("_thread").start_new_thread(_exit_after, (parent,))


def _exit_in(seconds: float) -> None:
    _native("time").sleep(seconds)
    os._exit(0)


def _exit_after(parent: int) -> None:
    while os.getppid() == parent:
        _native("time").sleep(_LOOK_SECONDS)
    _exit_in(ORPHAN_SECONDS)


@cache
def _native(module: str) -> Any:
    if booted_mode() is not AsyncMode.EVENTLET:
        return importlib.import_module(module)
    from eventlet import patcher  # noqa: PLC0415 - serving.boot decides whether eventlet is loaded at all

    return patcher.original(module)
