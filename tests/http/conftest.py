"""A second application in this process, for settings that are read once."""

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from app import create_app
from app.config import Settings
from app.core import patience
from app.core import settings as current_settings
from app.db import db
from app.extensions import redis_extension
from app.http import rate_limits
from app.services import usage
from app.tasks import bind_celery


@pytest.fixture
def app_with(app: Flask, settings: Settings) -> Iterator[Callable[..., Flask]]:
    """Makes another application: `app_with(cors_origins=("*",))`. Afterwards the process belongs to the first again."""
    client = redis_extension.client
    made: list[Flask] = []

    def make(**changes: object) -> Flask:
        made.append(create_app(dataclasses.replace(settings, **changes)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        with each.app_context():
            for engine in db.engines.values():
                engine.dispose()
        redis_extension.client.close()
    redis_extension.bind(client)
    rate_limits.bind(client)
    current_settings.configure(settings)
    patience.install(settings)
    usage.bind(app.app_context)
    bind_celery(app.app_context, settings)
