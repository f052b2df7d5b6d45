"""gunicorn's thread worker, with the same limits on slow clients and the same farewell as the eventlet worker.

The way out should eventlet fail: everything works on it, with fewer clients (`WEB_THREADS` requests and streams at
once).
"""

from serving.boot import AsyncMode, boot

boot(AsyncMode.GTHREAD)

import threading  # noqa: E402
from typing import Any  # noqa: E402

from gunicorn import http  # noqa: E402
from gunicorn.workers import gthread  # noqa: E402

from serving.draining import drain  # noqa: E402
from serving.leaving import EXIT_SECONDS, QUICK_EXIT_SECONDS, exit_after, exit_within  # noqa: E402
from serving.listening import allow_open_files, drop_dead_peers, refuse_tls  # noqa: E402
from serving.pacing import Pace, PacedSocket  # noqa: E402
from serving.response import close_connections_from_now_on, install  # noqa: E402

install()


class ThreadWorker(gthread.ThreadWorker):
    """Serves each request on a thread of a pool; connections between requests wait in the main thread."""

    pace = Pace()

    alive: bool
    _said_farewell = False

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        refuse_tls(cfg)
        super().check_config(cfg, log)

    def init_process(self) -> None:
        exit_after(self.ppid)
        super().init_process()

    def run(self) -> None:
        drop_dead_peers(self.sockets)
        allow_open_files(self.worker_connections)
        try:
            super().run()
        finally:
            exit_within(EXIT_SECONDS)  # the interpreter waits for the threads of the pool

    def enqueue_req(self, conn: Any) -> None:
        """Hands a connection with a request to the pool, its parser reading at our pace."""
        if conn.parser is None:
            paced = PacedSocket(conn.sock, self.pace, self.cfg.keepalive or self.pace.head_seconds)
            conn.parser = http.get_parser(self.cfg, paced, conn.client)
        else:
            conn.parser.unreader.sock.expect_request()
        super().enqueue_req(conn)

    def handle_request(self, req: Any, conn: Any) -> bool:
        conn.parser.unreader.sock.expect_body()
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError as error:
            self.log.debug("Closing connection: %s", error)
            return False

    def handle_exit(self, sig: int, frame: Any) -> None:
        exit_within(self.cfg.graceful_timeout + EXIT_SECONDS)
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: Any) -> None:
        exit_within(QUICK_EXIT_SECONDS)
        # The base class shuts the pool down inside of the signal handler. When the signal (Ctrl-C, for one) interrupts
        # the main thread while it hands a request to the pool, it waits for a lock that it holds itself, for ever.
        self.method_queue.defer(super().handle_quit, sig, frame)

    def is_parent_alive(self) -> bool:
        if super().is_parent_alive():
            return True
        self.alive = False  # the base class leaves its loop, but would go on keeping connections alive
        return False

    def set_accept_enabled(self, enabled: bool) -> None:
        """Also called when the pool is full; only once the worker stops is it for good."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            self._say_farewell()

    def _say_farewell(self) -> None:
        if self._said_farewell:
            return
        self._said_farewell = True
        close_connections_from_now_on()
        # An open listener would queue clients that nobody accepts any more.
        for listener in self.sockets:
            listener.close()
        threading.Thread(target=drain, args=(self.wsgi, self.log), name="drain", daemon=True).start()
