"""The one connection on which a web process hears what is published, however many listeners it has.

redis-py's own `PubSub` reconnects in whichever thread finds the connection broken. Here one thread alone connects,
reads and reconnects; others only send SUBSCRIBE, and leave a failure for that thread to find.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from redis.exceptions import TimeoutError as RedisTimeout

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 2.0
_PING_SECONDS = 10.0
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_AT_ONCE = 500
# Reading never waits while there is something to read: others must have their turn all the same.
_TURN_OF_OTHERS = 50


class Subscription:
    """Hears channels. `received(channel, message)` is called for each message, `confirmed(channel)` whenever a channel
    begins to be heard, for the first time or again: what was said before that moment may have been missed."""

    def __init__(self, url: str, received: Callable[[str, bytes], None], confirmed: Callable[[str], None]) -> None:
        self._pool = redis.ConnectionPool.from_url(
            url,
            protocol=2,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=_CONNECT_SECONDS,
            socket_keepalive=True,
        )
        self._received, self._confirmed = received, confirmed
        self._channels: set[str] = set()
        self._connection: Any = None
        self._lock = threading.RLock()  # see Hub
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def add(self, channel: str) -> None:
        """Hears `channel` from soon on."""
        with self._lock:
            self._channels.add(channel)
            self._send("SUBSCRIBE", channel)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="event-subscription", daemon=True)
                self._thread.start()

    def remove(self, channel: str) -> None:
        """Doesn't hear `channel` any more."""
        with self._lock:
            self._channels.discard(channel)
            self._send("UNSUBSCRIBE", channel)

    def close(self) -> None:
        """Ends the connection for good."""
        self._closed.set()
        with self._lock:
            self._drop()

    def _send(self, *command: str) -> None:
        if self._connection is None:
            return
        try:
            self._connection.send_command(*command, check_health=False)
        except (redis.RedisError, OSError):
            log.debug("the subscription is broken; its thread will find out")

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._closed.is_set():
            started = time.monotonic()
            try:
                self._connect()
                self._read()
            except Exception as error:  # whatever it is: without this thread all listeners would be left in silence
                self._say_once(error, pause)
            with self._lock:
                self._drop()
            if time.monotonic() - started > _PING_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            # Jittered, or all web processes come back to a starting Redis at once.
            self._closed.wait(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _say_once(self, error: Exception, pause: float) -> None:
        if not self._closed.is_set() and pause == _FIRST_PAUSE_SECONDS:
            log.warning("the subscription to events broke", extra={"reason": f"{type(error).__name__}: {error}"})

    def _connect(self) -> None:
        connection: Any = self._pool.make_connection()
        connection.connect()
        with self._lock:
            self._connection = connection
            channels = sorted(self._channels)
            for first in range(0, len(channels), _AT_ONCE):
                connection.send_command("SUBSCRIBE", *channels[first : first + _AT_ONCE], check_health=False)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()

    def _read(self) -> None:
        connection, pinged, unbroken = self._connection, False, 0
        while not self._closed.is_set():
            try:
                answer = connection.read_response(timeout=_PING_SECONDS, disconnect_on_error=False)
            except RedisTimeout:
                if pinged:
                    raise
                pinged = True
                self._ping(connection)
                continue
            pinged = False
            self._take(answer)
            unbroken += 1
            if unbroken % _TURN_OF_OTHERS == 0:
                time.sleep(0)

    def _ping(self, connection: Any) -> None:
        # A server that vanished without a word is otherwise noticed after hours.
        with self._lock:
            connection.send_command("PING", check_health=False)

    def _take(self, answer: list[Any]) -> None:
        if answer[0] == b"message":
            self._received(answer[1].decode(), answer[2])
        elif answer[0] == b"subscribe":
            self._confirmed(answer[1].decode())
