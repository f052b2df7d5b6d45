"""What serves HTTP and the command line. A worker does without it: importing it takes as long as all the rest."""

from flask import Flask
from flask_cors import CORS
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from app import sockets
from app.blueprints import register_blueprints
from app.cli import register_commands
from app.config import Settings
from app.core import settings as current_settings
from app.db import db
from app.extensions import redis_extension
from app.http import demo, docs, problems, rate_limits, request_context, widget
from app.http.json import OrjsonProvider
from app.http.requires import refuse_undeclared
from app.security import tokens

_EXPOSED = [
    "X-Request-ID",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Location",
    "Retry-After",
]
# What the widget calls in a visitor's name.
_VISITORS = r"/v1/(lead|conversation|message)(/.*)?"


def add_web(app: Flask, settings: Settings) -> None:
    """Adds routes, Socket.IO and commands to an application whose database and Redis are bound."""
    app.json = OrjsonProvider(app)
    sockets.bind(app, settings)
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    Migrate(app, db, directory=str(current_settings.PROJECT / "migrations"))
    tokens.bind(app)
    rate_limits.bind(redis_extension.client)
    _allow_origins(app, settings)
    request_context.register(app)
    problems.register(app)
    register_blueprints(app)
    docs.register(app)
    widget.register(app)
    demo.register(app)
    register_commands(app)
    refuse_undeclared(app)


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
