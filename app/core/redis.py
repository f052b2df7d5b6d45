"""Redis clients, all made here: redis-py's own defaults (ten retries, a pool that raises when it is empty) turn a
stopped Redis into seconds of waiting for every request."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def make_client(url: str, timeout_seconds: float, *, connections: int = 6) -> "redis.Redis":
    """A client for short commands; every command fails within about `timeout_seconds` when Redis is away."""
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        socket_keepalive=True,
        health_check_interval=30,
        # Once more after a connection that Redis closed while it was idle; never after a time-out, since requests hold
        # a connection to Postgres while they wait.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )
    return redis.Redis(connection_pool=pool)
