"""Alembic's environment: connects as the owner and compares with our models."""

from alembic import context
from sqlalchemy import create_engine, pool, text

import app.models  # noqa: F401 - registers every table
from app.config import with_driver
from app.core.patience import UnhurriedConnection
from app.core.settings import settings
from app.db import Base
from app.models.chunk_embedding import PARTITIONS


def _url() -> str:
    url: str = context.config.attributes.get("url") or settings().database_url
    return with_driver(url)


def run() -> None:
    """Runs the migrations in one transaction."""
    unhurried = {"connection_factory": UnhurriedConnection}
    engine = create_engine(_url(), poolclass=pool.NullPool, connect_args=unhurried)
    # Two hosts that are upgraded at once would both run the same migration; so the second one waits, and finds it done.
    with engine.connect() as lock, engine.connect() as connection:
        lock.execute(text("SELECT pg_advisory_lock(hashtext('frontdesk migrations'))"))
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=True,
            include_name=lambda name, kind, _: kind != "table" or name not in PARTITIONS,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
