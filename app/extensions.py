"""Flask extensions and clients: created here, bound to an application in `create_app`."""

import time
from typing import TYPE_CHECKING

from celery import Celery
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from redis.exceptions import RedisError

if TYPE_CHECKING:
    import redis

jwt = JWTManager()
migrate = Migrate()
celery = Celery("frontdesk")


class RedisExtension:
    """The process's Redis client for short commands, and whether Redis is being left alone.

    Postgres is the truth and Redis only the wake-up, so whoever finds it away goes on without it; for some seconds
    nobody else waits for it either.
    """

    REST_SECONDS = 5.0
    client: "redis.Redis"

    def __init__(self) -> None:
        self._rest_until = float("-inf")

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

    def answers(self) -> bool:
        """Whether Redis answers right now; asked at most every few seconds while it doesn't."""
        if self.resting:
            return False
        try:
            return bool(self.client.ping())
        except (RedisError, OSError):
            self.rest()
            return False


redis_extension = RedisExtension()
