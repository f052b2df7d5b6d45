"""One line of migrations, which makes exactly what the models say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, MetaData, create_engine, inspect, text
from sqlalchemy.engine import make_url

from app.config import Settings, with_driver
from app.db import Base
from app.models.chunk_embedding import PARTITIONS
from app.repositories.installation import ensure_extensions
from tests.guards.rules import PROJECT

MIGRATIONS = PROJECT / "migrations"


def heads(folder: Path) -> list[str]:
    return ScriptDirectory(str(folder)).get_heads()


def differences(connection: Connection, metadata: MetaData) -> list[Any]:
    compared = {"compare_type": True, "compare_server_default": True, "include_name": _is_no_partition}
    context = MigrationContext.configure(connection, opts=compared)
    return compare_metadata(context, metadata)


def _is_no_partition(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name not in PARTITIONS


@pytest.fixture
def connection(_owner: Any) -> Iterator[Connection]:
    """A connection of the owner; whatever a test plants is undone."""
    with _owner.connect() as opened:
        yield opened
        opened.rollback()


def test_there_is_one_newest_migration() -> None:
    assert len(heads(MIGRATIONS)) == 1


def test_finds_a_second_newest_migration(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    for revision, below in (("0001", None), ("0002", "0001"), ("0003", "0001")):
        (tmp_path / "versions" / f"{revision}.py").write_text(f"revision = {revision!r}\ndown_revision = {below!r}\n")
    assert sorted(heads(tmp_path)) == ["0002", "0003"]


@pytest.mark.slow  # reads the whole schema back: a dozen questions for each of the tables
def test_the_migrations_make_what_the_models_say(connection: Connection) -> None:
    assert differences(connection, Base.metadata) == []


@pytest.mark.slow  # the same
@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("ALTER TABLE leads ADD COLUMN planted text", "remove_column"),
        ("ALTER TABLE leads DROP COLUMN notes", "add_column"),
        ("ALTER TABLE leads ALTER COLUMN notes TYPE integer USING 1", "modify_type"),
        ("ALTER TABLE leads ALTER COLUMN notes SET NOT NULL", "modify_nullable"),
        ("ALTER TABLE leads ALTER COLUMN status SET DEFAULT 'lost'", "modify_default"),
        ("ALTER TABLE leads ALTER COLUMN status DROP DEFAULT", "modify_default"),
        ("DROP INDEX ix_leads_company_id_created_at", "add_index"),
        ("ALTER TABLE companies DROP CONSTRAINT fk_companies_address_id", "add_fk"),
        ("ALTER TABLE api_keys DROP CONSTRAINT uq_api_keys_key", "add_constraint"),
        ("CREATE TABLE planted (id integer)", "remove_table"),
    ],
)
def test_finds_a_difference(connection: Connection, statement: str, kind: str) -> None:
    connection.execute(text(statement))
    (found,) = differences(connection, Base.metadata)
    assert (found[0][0] if isinstance(found, list) else found[0]) == kind


def test_check_constraints_are_those_of_the_models(connection: Connection) -> None:
    """Alembic does not compare them."""
    assert _checks(connection) == {
        (table.name, constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }


def _checks(connection: Connection) -> set[tuple[str, str | None]]:
    found = inspect(connection).get_multi_check_constraints()
    return {(table, each["name"]) for (_, table), constraints in found.items() for each in constraints}


@pytest.mark.slow  # a database of its own, made, emptied and made again
def test_the_migrations_can_be_undone(settings: Settings, _owner: Any, connection: Connection) -> None:
    url = make_url(with_driver(settings.database_url))
    scratch = url.set(database=f"{url.database}_scratch")
    text_url = scratch.render_as_string(hide_password=False)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["url"] = text_url
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as database:
        database.execute(text(f'CREATE DATABASE "{scratch.database}"'))
    engine = create_engine(scratch)
    try:
        ensure_extensions(text_url)
        command.upgrade(config, "head")
        command.downgrade(config, "base")
        with engine.connect() as emptied:
            assert inspect(emptied).get_table_names() == ["alembic_version"]
        command.upgrade(config, "head")
    finally:
        engine.dispose()
        with admin.connect() as database:
            database.execute(text(f'DROP DATABASE "{scratch.database}"'))
        admin.dispose()
