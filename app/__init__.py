"""Frontdesk: the AI front desk of a company's website."""

from flask import Flask
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from app import models, sockets
from app.blueprints import register_blueprints
from app.cli import register_commands
from app.config import Settings, with_driver
from app.core import crypto, guard, logging, patience
from app.core import settings as current_settings
from app.core.engine import engine_options
from app.core.redis import make_client
from app.db import db
from app.extensions import migrate, redis_extension
from app.http import demo, docs, problems, rate_limits, request_context, widget
from app.http.json import OrjsonProvider
from app.http.requires import refuse_undeclared
from app.security import tokens
from app.services import listening, turn_leases, usage
from app.tasks import bind_celery

__all__ = ["create_app", "models"]

_EXPOSED = [
    "X-Request-ID",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Location",
    "Retry-After",
]


def create_app(settings: Settings | None = None) -> Flask:
    """Builds the application; `settings` are read from the environment unless given."""
    settings = settings or Settings.from_env()
    logging.configure(settings.log_level)
    current_settings.configure(settings)
    crypto.configure(settings.secret_keys)
    app = Flask("app", static_folder=None)
    app.json = OrjsonProvider(app)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=with_driver(settings.runtime_url),
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings),
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    _bind_extensions(app, settings)
    request_context.register(app)
    problems.register(app)
    register_blueprints(app)
    docs.register(app)
    widget.register(app)
    demo.register(app)
    register_commands(app)
    refuse_undeclared(app)
    return app


def _bind_extensions(app: Flask, settings: Settings) -> None:
    sockets.bind(app, settings)
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    patience.install(settings)
    db.init_app(app)
    guard.install()
    migrate.init_app(app, db, directory=str(current_settings.PROJECT / "migrations"))
    tokens.bind(app)
    redis_extension.bind(make_client(settings.redis_url, settings.redis_timeout_seconds))
    rate_limits.bind(redis_extension.client)
    usage.bind(app.app_context)
    turn_leases.bind(app.app_context)
    listening.bind(app.app_context)
    bind_celery(app.app_context, settings)
    _allow_origins(app, settings)


# What the widget calls in a visitor's name.
_VISITORS = r"/v1/(lead|conversation|message)(/.*)?"


def _allow_origins(app: Flask, settings: Settings) -> None:
    origins = list(settings.cors_origins)
    resources = {r"/.*": origins} if origins else {}
    if settings.has_test_page:
        # The test page's sandbox has no origin, and so has the widget's frame in it. Tokens are sent explicitly and
        # never by the browser itself: a page without an origin can do no more than a program.
        resources[_VISITORS] = [*origins, "null"]
    if resources:
        CORS(
            app,
            resources={pattern: {"origins": allowed} for pattern, allowed in resources.items()},
            expose_headers=_EXPOSED,
            supports_credentials=False,
            max_age=600,
        )
