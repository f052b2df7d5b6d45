"""A gunicorn worker on green threads: one process holds thousands of open streams.

gunicorn dropped its own eventlet worker in version 26. `AsyncWorker`, which this one builds on, stays for its gevent
worker. Why eventlet at all: docs/decisions/0003-web-server.md.
"""

from serving.boot import AsyncMode, boot

# gunicorn imports this module in the arbiter, before it forks: what the workers inherit is patched already.
boot(AsyncMode.EVENTLET)

import errno  # noqa: E402
import os  # noqa: E402
import time  # noqa: E402
from collections import deque  # noqa: E402
from collections.abc import Callable, Iterable  # noqa: E402
from contextlib import AbstractContextManager, nullcontext  # noqa: E402
from functools import partial  # noqa: E402
from typing import Any, NamedTuple  # noqa: E402

import eventlet  # noqa: E402
from eventlet import hubs  # noqa: E402
from eventlet.greenio import GreenSocket  # noqa: E402
from eventlet.semaphore import Semaphore  # noqa: E402
from gunicorn.workers.base_async import AsyncWorker  # noqa: E402

from serving.draining import drain  # noqa: E402
from serving.leaving import EXIT_SECONDS, QUICK_EXIT_SECONDS, exit_after, exit_within  # noqa: E402
from serving.listening import allow_open_files, drop_dead_peers, refuse_tls  # noqa: E402
from serving.pacing import Pace, PacedSocket  # noqa: E402
from serving.response import DISCARDED_BODY_BYTES, close_connections_from_now_on, install  # noqa: E402
from serving.sober_hub import SoberHub  # noqa: E402

install()

_HEARTBEAT_SECONDS = 1.0
_DRAIN_POLL_SECONDS = 0.05
_ACCEPT_RETRY_SECONDS = 0.1


class ListenerAddress(NamedTuple):
    """Stands in for the listening socket, which is closed while the last requests are still being answered."""

    address: Any

    def getsockname(self) -> Any:
        return self.address


class EventletWorker(AsyncWorker):
    """Serves each connection on a green thread of its own, at most `worker_connections` of them."""

    pace = Pace()

    # How long a stopping worker leaves idle connections open, for a request that may be on its way already.
    idle_linger_seconds = 1.0

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        refuse_tls(cfg)

    def init_process(self) -> None:
        # The hub made in the arbiter shares its epoll with every other worker.
        hubs.use_hub(SoberHub)
        exit_after(self.ppid)
        self._clients: set[PacedSocket] = set()
        self._slots = Semaphore(self.worker_connections)
        self._signalled: deque[Callable[[], None]] = deque()
        allowed = allow_open_files(self.worker_connections)
        if allowed < self.worker_connections:
            self.log.warning("Only %s open files are allowed: fewer clients than worker_connections", allowed)
        super().init_process()

    # Signals. A handler interrupts whatever the process is doing, also the hub between two of its steps, where nothing
    # may wait and a green thread that is spawned can get lost. So these are only noted, and done by run().

    def handle_exit(self, sig: int, frame: Any) -> None:
        exit_within(self.cfg.graceful_timeout + EXIT_SECONDS)
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: Any) -> None:
        exit_within(QUICK_EXIT_SECONDS)
        self._signalled.append(partial(super().handle_quit, sig, frame))

    def handle_usr1(self, sig: int, frame: Any) -> None:
        self._signalled.append(partial(super().handle_usr1, sig, frame))

    def _heed_signals(self) -> None:
        while self._signalled:
            self._signalled.popleft()()

    # The life of the worker.

    def run(self) -> None:
        """Accepts until SIGTERM, a reached request limit, or the end of the arbiter; then drains."""
        drop_dead_peers(self.sockets)
        acceptors = [eventlet.spawn(self._accept_clients, GreenSocket(listener)) for listener in self.sockets]
        try:
            while self.alive and self._arbiter_lives():
                self.notify()
                self._sleep_until_signal(_HEARTBEAT_SECONDS)
                self._heed_signals()
            self._drain(acceptors)
        finally:
            exit_within(EXIT_SECONDS)

    def _arbiter_lives(self) -> bool:
        if self.ppid == os.getppid():
            return True
        self.log.info("Parent changed, shutting down: %s", self)
        return False

    def _sleep_until_signal(self, seconds: float) -> None:
        # The interpreter writes every signal's number to this pipe. A plain sleep would go on accepting for up to a
        # second after SIGTERM.
        with eventlet.Timeout(seconds, False):
            os.read(self.PIPE[0], 4096)

    def _drain(self, acceptors: Iterable[Any]) -> None:
        self.alive = False
        close_connections_from_now_on()
        for acceptor in acceptors:
            acceptor.kill()
        for listener in self.sockets:
            listener.close()
        eventlet.spawn(drain, self.wsgi, self.log)
        started = time.monotonic()
        self._wait_for_clients(started, started + max(self.cfg.graceful_timeout - EXIT_SECONDS, 0))
        if self._clients:
            self.log.warning("Worker graceful timeout (pid:%s): %s connections cut", self.pid, len(self._clients))

    def _wait_for_clients(self, started: float, deadline: float) -> None:
        while self._clients and (now := time.monotonic()) < deadline:
            self.notify()
            if now - started >= self.idle_linger_seconds:
                for client in self._clients:
                    client.stop_if_idle_since(now - self.idle_linger_seconds)
            eventlet.sleep(_DRAIN_POLL_SECONDS)
            self._heed_signals()

    # Connections.

    def _accept_clients(self, listener: GreenSocket) -> None:
        address = ListenerAddress(listener.getsockname())
        while True:
            # The slot comes first: a worker stopped while it waits for one must not hold a client it never serves.
            self._slots.acquire()
            raw, peer = self._accept(listener)
            client = PacedSocket(raw, self.pace, self.cfg.keepalive or self.pace.head_seconds)
            self._clients.add(client)
            eventlet.spawn_n(self._serve, address, client, peer)
            del raw, client
            eventlet.sleep(0)  # a flood of new connections must not starve the accepted ones

    def _accept(self, listener: GreenSocket) -> tuple[GreenSocket, Any]:
        while True:
            try:
                return listener.accept()
            except OSError as error:
                # Out of file descriptors, or a client that left in the queue. An acceptor that ends here would leave
                # a worker that looks alive and answers nobody.
                if error.errno != errno.ECONNABORTED:
                    self.log.error("Can't accept a connection: %s", error)
                eventlet.sleep(_ACCEPT_RETRY_SECONDS)

    def _serve(self, address: ListenerAddress, client: PacedSocket, peer: Any) -> None:
        try:
            self.handle(address, client, peer)
        except Exception:
            self.log.exception("Connection failed outside of a request")
        finally:
            self._clients.discard(client)
            self._slots.release()

    def timeout_ctx(self) -> AbstractContextManager[None]:
        """No time-out around the parser: PacedSocket tells an idle connection from a slow request."""
        return nullcontext()

    def handle_request(self, listener_name: Any, req: Any, sock: PacedSocket, addr: Any) -> bool:
        """Answers one request. Raises StopIteration when the connection is to be closed."""
        # A keep-alive client that always has its next request ready never makes recv() wait, so its green thread
        # would never give way: one such client took the 99th percentile of the others from 0.2 to 1 s.
        eventlet.sleep(0)
        sock.expect_body()
        try:
            super().handle_request(listener_name, req, sock.raw, addr)
            self._discard_body(req)
        except TimeoutError as error:
            self.log.debug("Closing connection: %s", error)
            raise StopIteration from None
        sock.expect_request()
        return True

    def _discard_body(self, req: Any) -> None:
        # AsyncWorker would read on without end: a refused upload could keep sending for hours.
        discarded = 0
        while chunk := req.body.read(8192):
            discarded += len(chunk)
            if discarded > DISCARDED_BODY_BYTES:
                raise StopIteration
