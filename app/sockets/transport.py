"""WebSockets under gunicorn, for Engine.IO: simple-websocket with the limits that it leaves to its caller."""

import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import simple_websocket
from engineio.async_drivers.threading import DaemonThread

_Environ = dict[str, Any]

# Messages that are received and not yet handled; a client that sends faster has to wait.
_MOST_UNHANDLED = 32
_PAUSE_SECONDS = 0.02
_FAREWELL_SECONDS = 1.0


class _WholeSends:
    """A socket whose `send` sends everything, one caller after the other. simple-websocket ignores how much `send`
    took, and on a green socket that may be a part: a slow reader would get frames with holes."""

    def __init__(self, raw: Any) -> None:
        self._raw, self._lock = raw, threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def send(self, data: bytes) -> int:
        with self._lock:
            self._raw.sendall(data)
        return len(data)

    def close(self) -> None:
        # Closing it is the web server's business. gunicorn's thread worker counts a connection twice whose socket it
        # can't close any more, and then doesn't wait for running requests when it stops.
        _hang_up(self._raw)


class _Inbox(list[Any]):
    """Received messages. The thread that receives waits while there are too many of them."""

    def append(self, message: Any) -> None:
        while len(self) >= _MOST_UNHANDLED:
            time.sleep(_PAUSE_SECONDS)
        super().append(message)


class _Server(simple_websocket.Server):  # type: ignore[misc] # untyped
    sock: Any

    def handshake(self) -> None:
        # Called after the attributes are set and before the receiving thread starts.
        self.sock = _WholeSends(self.sock)
        self.input_buffer = _Inbox()
        super().handshake()


class BoundedWebSocket:
    """What Engine.IO calls a WebSocket, as its own `SimpleWebSocketWSGI`, with limits."""

    def __init__(self, handler: Callable[["BoundedWebSocket"], Any], server: Any) -> None:
        self._handler, self._most_bytes = handler, server.max_http_buffer_size

    def __call__(self, environ: _Environ, start_response: Callable[..., Any]) -> NoReturn:
        # Compression would cost some hundred kilobytes for each client.
        plain = {name: value for name, value in environ.items() if name != "HTTP_SEC_WEBSOCKET_EXTENSIONS"}
        self._ws = _Server(plain, max_message_size=self._most_bytes, thread_class=DaemonThread)
        try:
            self._handler(self)
        finally:
            self._leave()
        raise StopIteration  # for gunicorn: this connection is done

    def send(self, message: str | bytes) -> None:
        """Sends one message. Raises OSError when the client is gone."""
        try:
            self._ws.send(message)
        except simple_websocket.ConnectionClosed:
            raise OSError("the WebSocket is closed") from None

    def wait(self) -> str | bytes | None:
        """The next message; None when the client is gone."""
        try:
            message: str | bytes | None = self._ws.receive()
        except simple_websocket.ConnectionClosed:
            return None
        return message

    def close(self) -> None:
        """Says goodbye, and hangs up when the client doesn't."""
        try:
            if self._ws.connected:
                self._ws.close()
        finally:
            self._leave()

    def _leave(self) -> None:
        # A polite client answers the goodbye and closes. The threads that serve any other one would never end.
        self._ws.thread.join(_FAREWELL_SECONDS)
        _hang_up(self._ws.sock)


def _hang_up(raw: Any) -> None:
    try:
        raw.shutdown(socket.SHUT_RDWR)
    except OSError:  # the client was faster
        return


def bound(engine: Any) -> None:
    """Makes an Engine.IO server use these WebSockets, and never wait for a client that it turns away."""
    engine._async = {**engine._async, "websocket": BoundedWebSocket}
    # Its own waits until everything is sent. A polling client that asks no more, after it has sent too much, would
    # keep a thread for good.
    engine.disconnect = partial(hang_up, engine)


def backlog(engine: Any, engine_id: str) -> int:
    """How many packets wait to be sent to a client; negative numbers: it is gone."""
    client = engine.sockets.get(engine_id)
    return -1 if client is None or client.closed else client.queue.qsize()


def may_wait(engine: Any, engine_id: str) -> int:
    """How many packets may wait for a client. A polling one gets them all in one answer, and python-engineio's client
    takes no more than 16 in one."""
    client = engine.sockets.get(engine_id)
    return 256 if client is not None and client.upgraded else 12


def hang_up(engine: Any, engine_id: str) -> None:
    """Closes a client's connection; what waits for it is still sent. Clients take it for a network fault, and come
    back."""
    client = engine.sockets.get(engine_id)
    if client is not None:
        client.close(wait=False)


def connections(engine: Any) -> set[str]:
    """The ids of all connections."""
    return set(engine.sockets)
