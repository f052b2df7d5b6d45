"""Moves work that burns CPU (Argon2, RSA keys) off the event loop, where it would stop every client of the process."""

import os
from collections.abc import Callable
from functools import cache
from typing import Any, ParamSpec, TypeVar

from serving.boot import AsyncMode, booted_mode

P = ParamSpec("P")
Result = TypeVar("Result")

# More threads than this gain nothing: the work is CPU. Further calls wait in a queue.
DEFAULT_THREADS = 4


def offload(function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Runs `function(*args, **kwargs)` and returns its result or raises its exception.

    In eventlet mode it runs on one of `EVENTLET_THREADPOOL_SIZE` (4) native threads while other clients are served;
    in any other process it runs right here. The function must do nothing but compute: locks, logging, sockets and
    the database are green in that mode and belong to the event loop's thread.
    """
    if booted_mode() is not AsyncMode.EVENTLET:
        return function(*args, **kwargs)
    result, error = _execute_on_thread()(_outcome, function, *args, **kwargs)
    if error is not None:
        raise error
    return result


def _outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, BaseException | None]:
    # An exception that eventlet's pool does not expect, SystemExit for one, ends the pool's thread without an answer,
    # and the client waits for good: so none may leave this function.
    try:
        return function(*args, **kwargs), None
    except BaseException as error:
        return None, error


@cache
def _execute_on_thread() -> Callable[..., Any]:
    from eventlet import tpool  # noqa: PLC0415 - serving.boot decides whether eventlet is loaded at all

    tpool.set_num_threads(_pool_size())
    return tpool.execute


def _pool_size() -> int:
    size = int(os.environ.get("EVENTLET_THREADPOOL_SIZE") or DEFAULT_THREADS)
    if size < 1:
        raise ValueError(f"EVENTLET_THREADPOOL_SIZE is {size}; it should be 1 or more.")
    return size
