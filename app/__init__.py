"""Frontdesk: the AI front desk of a company's website."""

from flask import Flask

from app import models
from app.config import Settings, with_driver
from app.core import crypto, guard, logging, patience
from app.core import settings as current_settings
from app.core.engine import engine_options
from app.core.redis import make_client
from app.db import db
from app.extensions import redis_extension
from app.services import listening, signs_of_life, turn_leases, usage
from app.tasks import bind_celery

__all__ = ["create_app", "models"]


def create_app(settings: Settings | None = None, *, web: bool = True) -> Flask:
    """Builds the application; `settings` are read from the environment unless given. Without `web` it has neither
    routes nor commands: a worker starts in half the time."""
    settings = settings or Settings.from_env()
    logging.configure(settings.log_level)
    current_settings.configure(settings)
    crypto.configure(settings.secret_keys)
    app = Flask("app", static_folder=None)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=with_driver(settings.runtime_url),
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings),
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    _bind_extensions(app, settings)
    if web:
        from app.web import add_web  # noqa: PLC0415 - the greater part of all imports

        add_web(app, settings)
    return app


def _bind_extensions(app: Flask, settings: Settings) -> None:
    patience.install(settings)
    db.init_app(app)
    guard.install()
    redis_extension.bind(make_client(settings.redis_url, settings.redis_timeout_seconds))
    usage.bind(app.app_context)
    turn_leases.bind(app.app_context)
    signs_of_life.bind(app.app_context)
    listening.bind(app.app_context)
    bind_celery(app.app_context, settings)
