"""Flask extensions and clients: created here, bound to an application in `create_app`."""

import time
from typing import TYPE_CHECKING

from celery import Celery
from flask_jwt_extended import JWTManager
from redis.exceptions import RedisError

if TYPE_CHECKING:
    import redis

jwt = JWTManager()
celery = Celery("frontdesk")


class RedisExtension:
    """The process's Redis client for short commands, and whether Redis is being left alone.

    Postgres is the truth and Redis only the wake-up, so whoever finds it away goes on without it; for some seconds
    nobody else waits for it either.
    """

    REST_SECONDS = 5.0
    # For so long a Redis that answered is taken to answer still: asking takes as long as what it is asked for.
    TRUST_SECONDS = 0.25
    client: "redis.Redis"

    def __init__(self) -> None:
        self._rest_until = float("-inf")
        self._trust_until = float("-inf")

    def bind(self, client: "redis.Redis") -> None:
        """Uses this client from now on."""
        self.client = client
        self._rest_until = float("-inf")

    @property
    def resting(self) -> bool:
        """Whether Redis failed a moment ago."""
        return time.monotonic() < self._rest_until

    def rest(self) -> None:
        """Notes that Redis failed."""
        self._rest_until = time.monotonic() + self.REST_SECONDS
        self._trust_until = float("-inf")

    def answers(self) -> bool:
        """Whether Redis answers right now; asked at most every few seconds while it doesn't."""
        if self.resting:
            return False
        if time.monotonic() < self._trust_until:
            return True
        try:
            answered = bool(self.client.ping())
            self._trust_until = time.monotonic() + self.TRUST_SECONDS
            return answered
        except (RedisError, OSError):
            self.rest()
            return False


redis_extension = RedisExtension()
