"""Vectors that were there before the partitions were are moved, there and back, by an owner who is no superuser."""

from collections.abc import Iterator
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.config import Config
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url

from app.config import Settings, with_driver
from app.models.chunk_embedding import INDEXED_DIMENSIONS, PARTITIONS
from app.repositories.installation import ensure_extensions
from tests.guards.rules import PROJECT

_SPACES = {"test/small/384": 384, "test/large/1024": 1024, "test/odd/7": 7}
_COMPANIES = """
    INSERT INTO companies (id, name, email) VALUES (:company, 'Old', :company || '@example.com');
    INSERT INTO agents (id, company_id, name) VALUES (:company, :company, 'Ronda');
    INSERT INTO documents (id, company_id, agent_id, source, title, status, stage, due_at)
        VALUES (:company, :company, :company, 'file', 'Returns', 'processed', 'done', now());
    INSERT INTO chunks (id, company_id, document_id, agent_id, generation, position, text, start, "end", tokens,
        language, search)
        SELECT gen_random_uuid(), :company, :company, :company, 1, position, 'text', 0, 4, 1, 'en', 'text:1'
        FROM generate_series(1, 9) AS position;
"""
_VECTORS = """
    INSERT INTO chunk_embeddings (chunk_id, space, company_id, agent_id, dimension, vector)
    SELECT id, :space, company_id, agent_id, :dimension,
        CAST(array_fill(CAST(0 AS real), ARRAY[:dimension - 1]) || CAST(position AS real) AS halfvec) FROM chunks
"""
_ROWS = text("""
    SELECT chunk_id, space, company_id, agent_id, dimension, CAST(vector AS text) FROM chunk_embeddings ORDER BY 1, 2
""")
# Everything that hangs on the table and its partitions, by the names that the models know.
_INDEXES = text("""
    SELECT c.relname, i.indisvalid AND i.indisready AS whole, count(p.inhrelid) AS below
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_inherits p ON p.inhparent = c.oid
    WHERE i.indrelid = 'chunk_embeddings'::regclass GROUP BY 1, 2
""")
_KEYS = text(
    "SELECT conname FROM pg_constraint WHERE conrelid = 'chunk_embeddings'::regclass AND contype IN ('p', 'f')"
)
_LEFT_BEHIND = text("SELECT relname FROM pg_class WHERE relname LIKE 'old\\_%' OR relname LIKE 'chunk%\\_new%'")
_NAMES = {"ix_chunk_embeddings_agent_id_space", *(f"ix_chunk_embeddings_hnsw_{each}" for each in INDEXED_DIMENSIONS)}


@pytest.fixture
def old(app: Flask, settings: Settings) -> Iterator[Config]:
    """A database before the partitions, of an owner without powers of the server."""
    server = make_url(with_driver(settings.database_url))
    owner = f"{server.database}_owner"
    url = server.set(database=f"{server.database}_before", username=owner, password="of the scratch database")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE ROLE {owner} LOGIN NOSUPERUSER PASSWORD '{url.password}'"))
        connection.execute(text(f'CREATE DATABASE "{url.database}" OWNER {owner}'))
    config = Config(stdout=StringIO())
    config.set_main_option("script_location", str(PROJECT / "migrations").replace("%", "%%"))
    config.attributes["url"] = url.render_as_string(hide_password=False)
    try:
        ensure_extensions(server.set(database=url.database).render_as_string(hide_password=False))
        command.upgrade(config, "0017")
        yield config
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{url.database}"'))
            connection.execute(text(f"DROP ROLE {owner}"))
        admin.dispose()


@pytest.mark.slow  # a database of its own
def test_vectors_are_moved_there_and_back(old: Config, settings: Settings) -> None:
    reader = str(make_url(settings.runtime_url).username)
    engine = create_engine(old.attributes["url"])
    companies = [uuid4() for _ in range(20)]
    try:
        stored = _fill(engine, companies, reader)
        command.upgrade(old, "0018")
        assert "540 of them" in old.stdout.getvalue()
        with engine.connect() as database:
            assert _state(database, reader) == (stored, len(PARTITIONS), {"SELECT"})
            assert len(set(database.scalars(text("SELECT tableoid FROM chunk_embeddings")))) > 1
            plan = database.scalars(
                text("EXPLAIN SELECT FROM chunk_embeddings WHERE company_id = :it"), {"it": companies[0]}
            )
            assert sum("chunk_embeddings_" in line for line in plan) == 1
        command.downgrade(old, "0017")
        with engine.connect() as database:
            assert _state(database, reader) == (stored, 0, {"SELECT"})
        command.upgrade(old, "head")
        with engine.begin() as database:
            database.execute(text("DELETE FROM companies WHERE id = :it"), {"it": companies[0]})
            assert database.scalar(text("SELECT count(*) FROM chunk_embeddings")) == 540 - 27
    finally:
        engine.dispose()


def _fill(engine: Engine, companies: list[UUID], reader: str) -> list[Any]:
    """Nine passages a company, each with vectors in three spaces; a role that may read them."""
    with engine.begin() as database:
        for company in companies:
            database.execute(text(_COMPANIES.replace(":company", f"'{company}'")))
        for space, dimension in _SPACES.items():
            database.execute(text(_VECTORS), {"space": space, "dimension": dimension})
        database.execute(text(f"GRANT SELECT ON chunk_embeddings TO {reader}"))
        return list(database.execute(_ROWS))


def _state(database: Connection, reader: str) -> tuple[list[Any], int, set[str]]:
    """The rows, how many parts each index has, and the reader's rights; walls, indexes and keys are as they must be."""
    indexes = {row.relname: row for row in database.execute(_INDEXES)}
    assert indexes.keys() == {"pk_chunk_embeddings", *_NAMES}
    assert all(row.whole for row in indexes.values())
    keys = {"pk_chunk_embeddings", *(f"fk_chunk_embeddings_{each}_id" for each in ("chunk", "agent", "company"))}
    assert set(database.scalars(_KEYS)) == keys
    assert database.scalars(_LEFT_BEHIND).all() == []
    wall = text(
        "SELECT relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid) FROM pg_class c"
        " WHERE oid = 'chunk_embeddings'::regclass"
    )
    assert database.scalar(wall)
    (below,) = {row.below for row in indexes.values()}
    rights = text(
        "SELECT privilege_type FROM information_schema.role_table_grants WHERE table_name = 'chunk_embeddings'"
        " AND grantee = :reader"
    )
    return list(database.execute(_ROWS)), below, set(database.scalars(rights, {"reader": reader}))
