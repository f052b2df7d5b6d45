"""Redis clients, all made here: redis-py's own defaults (ten retries, a pool that raises when it is empty) turn a
stopped Redis into seconds of waiting for every request."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# Longest wait for one of the pool's connections. Two hundred visitors who ask in the same moment queue for them: that
# is no sign that Redis is away, and with the time-out of a command a quarter of their messages waited for the sweep.
_QUEUE_SECONDS = 2.0


def make_client(url: str, timeout_seconds: float, *, connections: int = 32) -> "redis.Redis":
    """A client for short commands; every command fails within about `timeout_seconds` when Redis is away."""
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=max(timeout_seconds, _QUEUE_SECONDS),
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        socket_keepalive=True,
        health_check_interval=30,
        # Once more after a connection that Redis closed while it was idle; never after a time-out, since requests hold
        # a connection to Postgres while they wait.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )
    return redis.Redis(connection_pool=pool)
