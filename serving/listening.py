"""What both workers do to the sockets they accept from."""

import resource
import socket
import sys
from collections.abc import Iterable
from typing import Any

# Files of a process that are not clients: Postgres, Redis, logs, metrics.
OTHER_FILES = 500

# A peer that vanished (a phone in a tunnel) or never reads its answer is given up after this long.
DEAD_PEER_SECONDS = 60
_PROBE_SECONDS = 15


def drop_dead_peers(listeners: Iterable[Any]) -> None:
    """Lets the kernel end connections whose peer is gone or has stopped reading: without it they hold a slot, and
    the answer being sent, until the process ends. Accepted sockets inherit the options (tcp(7))."""
    if sys.platform != "linux":
        return
    for listener in listeners:
        if listener.FAMILY in (socket.AF_INET, socket.AF_INET6):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_SECONDS * 1000)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, DEAD_PEER_SECONDS)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_SECONDS)


def allow_open_files(clients: int) -> int:
    """Raises the limit on open files to hold `clients` connections, as far as this process may, and returns it.

    The usual soft limit is 1,024; at the next client accept() fails.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = clients + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed


def refuse_tls(cfg: Any) -> None:
    """TLS ends at the proxy in front. Pacing needs the plain socket, so certificates are refused rather than served
    without protection."""
    if cfg.is_ssl:
        raise RuntimeError("certfile and keyfile are not supported: end TLS at a proxy in front of this server.")
