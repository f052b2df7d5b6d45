"""Redis clients, all made here: redis-py's own defaults (ten retries, a pool that raises when it is empty) turn a
stopped Redis into seconds of waiting for every request."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def make_client(url: str, timeout_seconds: float) -> "redis.Redis":
    """A client for short commands; every command fails within about `timeout_seconds` when Redis is away."""
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=6,
        timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        socket_keepalive=True,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 1),
    )
    return redis.Redis(connection_pool=pool)
