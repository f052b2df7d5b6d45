"""Whether the caller of a request is still there: a proxy or browser that gave up closes its connection, and whoever
computes for it may stop."""

import select
import socket
from collections.abc import Callable, Mapping
from typing import Any

from flask import request

_SOCKET = "gunicorn.socket"


def caller_left() -> Callable[[], bool] | None:
    """What tells whether the present caller has hung up; None where the server doesn't hand out its connection."""
    return _watch(request.environ)


def _watch(environ: Mapping[str, Any]) -> Callable[[], bool] | None:
    connection = environ.get(_SOCKET)
    return None if connection is None else lambda: has_hung_up(connection)


def has_hung_up(connection: socket.socket) -> bool:
    """Whether the other side has closed a connection; what it may have sent stays to be read."""
    try:
        if not _has_news(connection.fileno()):
            return False
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except (OSError, ValueError):
        return True


def _has_news(descriptor: int) -> bool:
    if not hasattr(select, "poll"):  # eventlet takes it away; its select() knows no highest descriptor, unlike others
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
