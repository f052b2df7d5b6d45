"""Socket.IO at `/socket.io`: the events of conversations for integrators and the team's frontend."""

import logging
from typing import Any

import orjson
from flask import Flask

from app.config import Settings
from app.realtime.hub import hub
from app.sockets import handlers, transport
from app.sockets.feed import feed as clients
from app.sockets.server import socketio

_MOST_BYTES = 16 * 1024

# Engine.IO logs a stack trace for whatever nonsense a stranger sends. What our own handlers raise they log themselves.
_quiet = logging.getLogger("frontdesk.engineio")
_quiet.setLevel(logging.CRITICAL)

handlers.register()


class _Json:
    """The two functions that python-socketio wants."""

    @staticmethod
    def dumps(value: Any, **_kwargs: Any) -> str:
        return orjson.dumps(value).decode()

    loads = staticmethod(orjson.loads)


def bind(app: Flask, settings: Settings) -> None:
    """Puts Socket.IO before the application. Middleware that tells callers' addresses has to come before it."""
    socketio.init_app(
        app,
        # Explicit, or python-engineio guesses from what is installed. Its threads are green ones in a green process.
        async_mode="threading",
        async_handlers=False,  # a client's words are heard one after the other
        manage_session=False,
        cors_allowed_origins=_origins(settings),
        cors_credentials=False,
        max_http_buffer_size=_MOST_BYTES,
        ping_interval=25,
        ping_timeout=20,
        http_compression=False,
        json=_Json,
        logger=_quiet,
        engineio_logger=_quiet,
    )
    transport.bound(socketio.server.eio)
    clients.watch(socketio.server.eio)


def drain() -> None:
    """Sends all listeners of this process elsewhere: it is about to stop."""
    hub().drain()
    clients.drain()


def _origins(settings: Settings) -> list[str] | str | None:
    if "*" in settings.cors_origins:
        return "*"
    return list(settings.cors_origins) or None  # none: only our own; an empty list would mean any
