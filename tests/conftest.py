"""Real Postgres, real Redis-compatible server, one database per test process.

Tests commit for real (docs/decisions/0004): row-level security hangs on transaction-local settings, so a test that
wraps requests in an outer transaction would test something else. Rows are arranged and checked through a second
connection, as the owner; after each test everything is deleted.
"""

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app import create_app
from app.config import Environment, Settings, with_driver
from app.core import settings as current_settings
from app.core.tenancy import ACROSS
from app.db import Base, db
from app.extensions import redis_extension
from app.http import rate_limits
from app.security import tokens
from app.services import installation, runtime_settings, usage
from scripts.browser import HOW_TO_GET_IT, find_chromium
from tests.cast import Cast, make_cast
from tests.database.mariadb import HOW_TO_GET_IT as HOW_TO_GET_MARIADB
from tests.database.mariadb import find_mariadb

SECRET_KEY = "a key for tests only; it has 32 characters or more"
BROWSER_TESTS = Path(__file__).resolve().parent / "browser"
DATABASE_TESTS = Path(__file__).resolve().parent / "database"
_NEEDED: dict[Path, Callable[[], object]] = {BROWSER_TESTS: find_chromium, DATABASE_TESTS: find_mariadb}
_KEPT = {"countries", "states", "cities", "signing_keys"}


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process starts the servers once; its workers find them in the environment."""
    if os.environ.get("BROWSER_TESTS") == "required" and find_chromium() is None:
        raise pytest.UsageError(f"The browser tests are required, and there is no Chromium: {HOW_TO_GET_IT}.")
    if os.environ.get("DATABASE_TESTS") == "required" and find_mariadb() is None:
        raise pytest.UsageError(f"The tests of databases are required, and there is no MariaDB: {HOW_TO_GET_MARIADB}.")
    if hasattr(config, "workerinput") or config.option.collectonly or os.environ.get("TEST_REDIS_URL"):
        return
    folder = Path(tempfile.mkdtemp(prefix="fd-test-"))
    stops: list[Callable[[], object]] = [lambda: shutil.rmtree(folder, ignore_errors=True)]
    os.environ["TEST_DATABASE_URL"] = os.environ.get("DATABASE_URL") or _start_postgres(folder, stops)
    os.environ["TEST_REDIS_URL"] = os.environ.get("REDIS_URL") or _start_redis(folder, stops)
    config.add_cleanup(lambda: [stop() for stop in reversed(stops)] and None)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without Chromium the browser tests are left out, and without MariaDB those of customers' databases, which
    `pytest_terminal_summary` says."""
    missing = [folder for folder, is_there in _NEEDED.items() if not is_there()]
    return True if any(folder in (collection_path, *collection_path.parents) for folder in missing) else None


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """A run that left tests out must not look like one that passed them."""
    if _was_asked_for(config, BROWSER_TESTS) and find_chromium() is None:
        terminalreporter.section("the browser tests were not run: no Chromium", yellow=True)
        terminalreporter.line(f"The widget was not tested. To test it: {HOW_TO_GET_IT}.")
    if _was_asked_for(config, DATABASE_TESTS) and find_mariadb() is None:
        terminalreporter.section("the tests of customers' databases were not run: no MariaDB", yellow=True)
        terminalreporter.line(f"Customers' databases were not tested. To test them: {HOW_TO_GET_MARIADB}.")


def _was_asked_for(config: pytest.Config, folder: Path) -> bool:
    asked_for = [(config.invocation_params.dir / each.partition("::")[0]).resolve() for each in config.args]
    return any(each == folder or each in folder.parents or folder in each.parents for each in asked_for)


def _start_postgres(folder: Path, stops: list[Callable[[], object]]) -> str:
    from launcher.postgres import EmbeddedPostgres

    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
    server = EmbeddedPostgres(folder / "postgres", "owner-of-tests", settings=fast)
    server.start()
    stops.append(server.stop)
    return server.url("frontdesk_test")


def _start_redis(folder: Path, stops: list[Callable[[], object]]) -> str:
    from launcher.valkey import EmbeddedValkey

    server = EmbeddedValkey(folder / "redis", "redis-of-tests")
    server.start()
    stops.append(server.stop)
    return server.url()


@pytest.fixture(scope="session")
def settings(worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of this test process: its own database and its own Redis database."""
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1
    owner = urlsplit(os.environ["TEST_DATABASE_URL"])
    redis = urlsplit(os.environ["TEST_REDIS_URL"])
    return Settings(
        environment=Environment.TEST,
        secret_keys=(SECRET_KEY,),
        database_url=urlunsplit(owner._replace(path=f"{owner.path}_{number}")),
        redis_url=urlunsplit(redis._replace(path=f"/{number}")),
        data_dir=tmp_path_factory.mktemp("data"),
        public_url="https://frontdesk.test",
        log_level="WARNING",
        password_hash_memory_kib=64,
        password_hash_iterations=1,
        rate_limit_authentication=100_000,
        rate_limit_general=100_000,
        rate_limit_visitors=100_000,
        rate_limit_upload=100_000,
        rate_limit_ai=100_000,
        rate_limit_analytics=100_000,
        database_pool_size=5,
        # A browser in the other test process may keep the machine busy for longer than a server may be silent.
        database_connect_timeout_seconds=10.0,
        database_pool_timeout_seconds=10.0,
        redis_timeout_seconds=3.0,
        usage_flush_seconds=3600.0,
        super_admin_email="root@frontdesk.example",
        super_admin_password="root-of-everything",
    )


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The application on a freshly migrated database."""
    application = create_app(settings)
    with application.app_context():
        for _step in installation.prepare_database():
            pass
        installation.prepare_keys()
    yield application
    usage.discard()
    with application.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="session")
def _owner(app: Flask, settings: Settings) -> Iterator[Any]:
    # Audit entries stay, but for those that are old; after a test they all go.
    options = {"options": "-c app.audit_pruning=on"}
    engine = create_engine(with_driver(settings.database_url), connect_args=options)
    yield engine
    engine.dispose()


@pytest.fixture
def database(_owner: Any) -> Iterator[Session]:
    """A session of the tables' owner, apart from the application's: sees only what was committed."""
    session = Session(_owner, info={ACROSS: "tests look at every company"})
    yield session
    session.close()
    with _owner.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in _KEPT:
                connection.execute(table.delete())


@pytest.fixture(autouse=True)
def _clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test of the application counted or buffered is forgotten."""
    yield
    if "app" in request.fixturenames:
        usage.discard()
        tokens.forget_verified()
        redis_extension.client.flushdb()
        rate_limits.forget()
        runtime_settings.forget()


@pytest.fixture
def client(app: Flask, database: Session) -> FlaskClient:
    """A caller without credentials. No application context is pushed around it."""
    return app.test_client()


@pytest.fixture
def cast(app: Flask, database: Session) -> Cast:
    """The people of the tests, with their credentials."""
    with app.app_context():
        return make_cast(database)


@pytest.fixture
def with_settings(app: Flask) -> Iterator[Callable[..., None]]:
    """Changes settings for one test: `with_settings(allow_signup=False)`."""
    before = current_settings.settings()
    yield lambda **changes: current_settings.configure(dataclasses.replace(before, **changes))
    current_settings.configure(before)
