"""Databases of their own for tests of migrations."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from app.config import Settings, with_driver
from app.repositories.installation import ensure_extensions
from tests.guards.rules import PROJECT


@contextmanager
def database_at(settings: Settings, revision: str) -> Iterator[tuple[Config, Engine]]:
    """An empty database at a revision, as Alembic and as SQLAlchemy know it."""
    url = make_url(with_driver(settings.database_url))
    scratch = url.set(database=f"{url.database}_at_{revision}")
    config = Config()
    config.set_main_option("script_location", str(PROJECT / "migrations").replace("%", "%%"))
    config.attributes["url"] = scratch.render_as_string(hide_password=False)
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as server:
        server.execute(text(f'CREATE DATABASE "{scratch.database}"'))
    engine = create_engine(scratch)
    try:
        ensure_extensions(config.attributes["url"])
        command.upgrade(config, revision)
        yield config, engine
    finally:
        engine.dispose()
        with admin.connect() as server:
            server.execute(text(f'DROP DATABASE "{scratch.database}"'))
        admin.dispose()
