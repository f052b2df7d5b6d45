"""Alembic's environment: connects as the owner and compares with our models."""

from alembic import context
from sqlalchemy import create_engine, pool

import app.models  # noqa: F401 - registers every table
from app.config import with_driver
from app.core.settings import settings
from app.db import Base


def _url() -> str:
    url: str = context.config.attributes.get("url") or settings().database_url
    return with_driver(url)


def run() -> None:
    """Runs the migrations in one transaction."""
    engine = create_engine(_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
