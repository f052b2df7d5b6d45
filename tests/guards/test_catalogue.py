"""Every company-owned table stands behind the second wall, and the runtime role can't climb over it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, Table, text

from app.config import Settings
from app.db import Base
from app.models.chunk_embedding import PARTITIONS
from tests.guards import catalogue

PLANTED = "planted"


@pytest.fixture
def catalogue_of(_owner: Any) -> Iterator[Connection]:
    """A connection of the owner; whatever a test plants is undone."""
    with _owner.connect() as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def runtime_role(settings: Settings) -> str:
    return urlsplit(settings.runtime_url).username or ""


def _plant(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(text(statement))


def test_every_company_owned_table_has_a_wall(catalogue_of: Connection) -> None:
    assert catalogue.open_tables(catalogue_of) == []


def test_the_models_and_the_catalogue_agree_on_what_is_owned(catalogue_of: Connection) -> None:
    walled = {row.name for row in catalogue_of.execute(catalogue._WALLS)}
    assert walled == {"companies", *(name for name, table in Base.metadata.tables.items() if "company_id" in table.c)}


_TABLE = f"CREATE TABLE {PLANTED} (id uuid PRIMARY KEY, company_id uuid)"
_ENABLE = f"ALTER TABLE {PLANTED} ENABLE ROW LEVEL SECURITY"
_OWN = "company_id = nullif(current_setting('app.company_id', true), '')::uuid"


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        ([_TABLE], "row-level security is off"),
        ([_TABLE, _ENABLE], "no policy"),
        ([_TABLE, f"CREATE POLICY wall ON {PLANTED} USING ({_OWN})"], "row-level security is off"),
        (
            [_TABLE, _ENABLE, f"CREATE POLICY wall ON {PLANTED} FOR SELECT USING ({_OWN})"],
            "the policy wall does not hold for every command and role",
        ),
        (
            [_TABLE, _ENABLE, f"CREATE POLICY wall ON {PLANTED} TO CURRENT_USER USING ({_OWN})"],
            "the policy wall does not hold for every command and role",
        ),
        (
            [_TABLE, _ENABLE, f"CREATE POLICY wall ON {PLANTED} USING (company_id IS NOT NULL)"],
            "the policy wall does not ask for app.company_id",
        ),
        (
            [_TABLE, _ENABLE, f"CREATE POLICY wall ON {PLANTED} USING ({_OWN}) WITH CHECK (true)"],
            "the policy wall does not ask for app.company_id",
        ),
        (
            [
                _TABLE,
                _ENABLE,
                f"CREATE POLICY wall ON {PLANTED} USING ({_OWN})",
                f"CREATE POLICY gate ON {PLANTED} USING (true)",
            ],
            "the policy gate does not ask for app.company_id",
        ),
        ([f"{_TABLE} PARTITION BY LIST (id)".replace(" PRIMARY KEY", "")], "row-level security is off"),
    ],
)
def test_finds_a_table_without_a_wall(catalogue_of: Connection, statements: list[str], problem: str) -> None:
    _plant(catalogue_of, *statements)
    assert f"{PLANTED}: {problem}" in catalogue.open_tables(catalogue_of)


def test_passes_a_table_with_a_wall(catalogue_of: Connection) -> None:
    _plant(catalogue_of, _TABLE, _ENABLE, f"CREATE POLICY wall ON {PLANTED} USING ({_OWN})")
    assert catalogue.open_tables(catalogue_of) == []


def test_finds_companies_without_a_wall(catalogue_of: Connection) -> None:
    _plant(catalogue_of, "DROP POLICY company_wall ON companies")
    assert catalogue.open_tables(catalogue_of) == ["companies: no policy"]


def test_no_partition_is_reached_beside_its_table(catalogue_of: Connection, runtime_role: str) -> None:
    partitions = catalogue_of.scalars(text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"))
    assert set(partitions) == set(PARTITIONS)
    assert catalogue.open_partitions(catalogue_of, runtime_role) == []


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("GRANT SELECT ON {partition} TO {role}", "{role} has rights on the partition"),
        ("GRANT INSERT (space) ON {partition} TO PUBLIC", "{role} has rights on the partition"),
        ("GRANT DELETE ON {partition} TO {role}", "{role} has rights on the partition"),
        ("ALTER TABLE {partition} DISABLE ROW LEVEL SECURITY", "row-level security is off"),
        ("CREATE POLICY gate ON {partition} USING (true)", "a policy lets somebody in"),
    ],
)
def test_finds_a_partition_beside_the_wall(
    catalogue_of: Connection, runtime_role: str, statement: str, problem: str
) -> None:
    names = {"partition": PARTITIONS[3], "role": runtime_role}
    _plant(catalogue_of, statement.format(**names))
    found = catalogue.open_partitions(catalogue_of, runtime_role)
    assert found == [f"{PARTITIONS[3]}: {problem.format(**names)}"]


def test_no_view_reads_with_its_owners_eyes(catalogue_of: Connection, runtime_role: str) -> None:
    assert catalogue.open_views(catalogue_of, runtime_role) == []


@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
def test_finds_a_view_with_its_owners_eyes(catalogue_of: Connection, runtime_role: str, kind: str) -> None:
    _plant(
        catalogue_of, f"CREATE {kind} {PLANTED} AS SELECT * FROM users", f"GRANT SELECT ON {PLANTED} TO {runtime_role}"
    )
    assert catalogue.open_views(catalogue_of, runtime_role) == [f"{PLANTED}: a view without security_invoker"]


def test_passes_a_view_with_its_callers_eyes(catalogue_of: Connection, runtime_role: str) -> None:
    view = f"CREATE VIEW {PLANTED} WITH (security_invoker = true) AS SELECT * FROM users"
    _plant(catalogue_of, view, f"GRANT SELECT ON {PLANTED} TO {runtime_role}")
    assert catalogue.open_views(catalogue_of, runtime_role) == []


def test_functions_that_run_as_the_owner_are_closed(catalogue_of: Connection) -> None:
    assert catalogue.open_functions(catalogue_of) == []


@pytest.mark.parametrize(
    ("search_path", "problem"),
    [
        ("", "a search path that callers can change"),
        ("SET search_path = public", "a search path that callers can change"),
        ('SET search_path = "$user", public, pg_temp', "a search path that callers can change"),
        ("SET search_path = public, pg_temp", "everybody may call it"),
    ],
)
def test_finds_an_open_function(catalogue_of: Connection, search_path: str, problem: str) -> None:
    _plant(
        catalogue_of,
        f"CREATE FUNCTION {PLANTED}() RETURNS int LANGUAGE sql SECURITY DEFINER {search_path} AS 'SELECT 1'",
    )
    assert f"{PLANTED}(): {problem}" in catalogue.open_functions(catalogue_of)


def test_the_runtime_role_has_no_power_too_many(catalogue_of: Connection, runtime_role: str) -> None:
    assert catalogue.excessive_powers(catalogue_of, runtime_role) == []


@pytest.mark.parametrize(
    ("statement", "power"),
    [
        ("ALTER ROLE {role} SUPERUSER", "is a superuser"),
        ("ALTER ROLE {role} BYPASSRLS", "bypasses row-level security"),
        ("ALTER ROLE {role} CREATEROLE", "creates roles"),
        ("ALTER ROLE {role} CREATEDB", "creates databases"),
        ("GRANT {owner} TO {role}", "is a member of {owner}"),
        ("ALTER TABLE users OWNER TO {role}", "owns users"),
        ("GRANT CREATE ON SCHEMA public TO {role}", "creates tables in public"),
        ("GRANT CREATE ON SCHEMA public TO PUBLIC", "creates tables in public"),
        ("GRANT CREATE ON DATABASE {database} TO {role}", "creates schemas"),
        ("GRANT UPDATE ON audit_entries TO {role}", "UPDATE audit_entries"),
        ("GRANT UPDATE (after) ON audit_entries TO {role}", "UPDATE audit_entries"),
        ("GRANT DELETE ON audit_entries TO {role}", "DELETE audit_entries"),
        ("GRANT DELETE ON companies TO {role}", "DELETE companies"),
        ("GRANT UPDATE ON alembic_version TO PUBLIC", "UPDATE alembic_version"),
        ("GRANT TRUNCATE ON leads TO {role}", "TRUNCATE leads"),
        ("GRANT TRIGGER ON leads TO {role}", "TRIGGER leads"),
    ],
)
def test_finds_a_role_with_a_power_too_many(catalogue_of: Connection, statement: str, power: str) -> None:
    # A role of its own: changing the real one would make other test processes wait.
    owner, database = catalogue_of.execute(text("SELECT current_user, current_database()")).one()
    names = {"role": PLANTED, "owner": owner, "database": database}
    _plant(catalogue_of, f"CREATE ROLE {PLANTED}", statement.format(**names))
    assert power.format(**names) in catalogue.excessive_powers(catalogue_of, PLANTED)


def test_every_table_below_an_owned_one_is_owned() -> None:
    assert catalogue.unowned_children(Base.metadata) == []


def test_finds_a_table_below_an_owned_one_without_a_company() -> None:
    metadata = MetaData()
    Table("users", metadata, Column("id", Integer, primary_key=True), Column("company_id", Integer))
    Table("notes", metadata, Column("user_id", ForeignKey("users.id")))
    assert catalogue.unowned_children(metadata) == ["notes refers to users and has no company_id"]
