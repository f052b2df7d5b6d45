"""Flask extensions and clients: created here, bound to an application in `create_app`."""

from typing import TYPE_CHECKING

from celery import Celery
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate

if TYPE_CHECKING:
    import redis

jwt = JWTManager()
migrate = Migrate()
celery = Celery("frontdesk")


class RedisExtension:
    """The process's Redis client for short commands, set in `create_app`."""

    client: "redis.Redis"


redis_extension = RedisExtension()
