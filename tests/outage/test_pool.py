"""Waiting for a connection to Postgres."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.config import Settings, with_driver
from app.core.pool import PatientPool

# Slow: the subject is how long one waits.
pytestmark = pytest.mark.slow

PATIENCE = 0.4


@pytest.fixture
def engine(app: Flask, settings: Settings) -> Iterator[Engine]:
    url = with_driver(settings.runtime_url)
    made = create_engine(url, poolclass=PatientPool, pool_size=1, max_overflow=0, pool_timeout=PATIENCE)
    yield made
    made.dispose()


def test_nobody_is_refused_while_connections_come_back(engine: Engine) -> None:
    def use(_: int) -> int:
        with engine.connect() as connection:
            return connection.scalar(text("SELECT 1 FROM pg_sleep(0.1)")) or 0

    started = time.monotonic()
    with ThreadPoolExecutor(9) as many:
        assert list(many.map(use, range(9))) == [1] * 9
    assert time.monotonic() - started > 2 * PATIENCE  # the last one had to wait for longer than that


def test_who_waits_is_refused_when_none_comes_back(engine: Engine) -> None:
    with engine.connect():
        started = time.monotonic()
        with pytest.raises(PoolTimeout):
            engine.connect()
    assert PATIENCE <= time.monotonic() - started < 3 * PATIENCE
