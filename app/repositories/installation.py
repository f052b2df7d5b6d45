"""Setting a database up, as the owner of the tables: the database itself, the runtime role, migrations and grants."""

import contextlib
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg2
from alembic import command
from alembic.config import Config
from psycopg2 import sql

from app.config import without_driver
from app.models.chunk_embedding import PARTITIONS

_OLDEST_POSTGRES = 150_000
_OLDEST_PGVECTOR = (0, 8)
_TRIES = 5


class InstallationError(RuntimeError):
    """The database server can't be used as it is; the message says what to do."""


def ensure_database(owner_url: str) -> bool:
    """Makes the database of the URL if it isn't there. Returns whether it was made."""
    name = urlsplit(owner_url).path.lstrip("/")
    try:
        _connect(owner_url).close()
    except psycopg2.OperationalError as error:
        if f'database "{name}" does not exist' not in str(error):
            raise InstallationError(f"Postgres can't be reached as the owner: {str(error).strip()}") from None
    else:
        return False
    maintenance = urlunsplit(urlsplit(owner_url)._replace(path="/postgres"))
    connection = _connect(maintenance)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except (psycopg2.errors.DuplicateDatabase, psycopg2.errors.UniqueViolation):
        return False  # another host that is prepared at the same moment was first
    finally:
        connection.close()
    return True


def ensure_extensions(owner_url: str) -> None:
    """Checks the versions of Postgres and pgvector, and enables pgvector and btree_gin."""
    connection = _connect(owner_url)
    try:
        connection.autocommit = True
        if connection.server_version < _OLDEST_POSTGRES:
            raise InstallationError(
                f"Postgres {connection.server_version // 10_000} is too old: 15 or later is needed."
            )
        with connection.cursor() as cursor:
            cursor.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
            row = cursor.fetchone()
            if row is None:
                raise InstallationError("This Postgres has no pgvector: install version 0.8 or later of it.")
            if tuple(int(part) for part in row[0].split(".")[:2]) < _OLDEST_PGVECTOR:
                raise InstallationError(f"pgvector {row[0]} is too old: install 0.8 or later.")
            cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gin'")
            if cursor.fetchone() is None:
                raise InstallationError("This Postgres has no btree_gin: install its contrib package.")
            for extension in ("vector", "btree_gin"):
                with contextlib.suppress(psycopg2.errors.UniqueViolation):  # another host was first
                    cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    except psycopg2.errors.InsufficientPrivilege:
        raise InstallationError(
            "The owner may not enable extensions: run CREATE EXTENSION vector and btree_gin as a superuser once."
        ) from None
    finally:
        connection.close()


def ensure_runtime_role(owner_url: str, runtime_url: str) -> str:
    """Makes the role that web and workers connect as, one that row-level security binds. Returns its name."""
    parts = urlsplit(runtime_url)
    role, password = unquote(parts.username or ""), unquote(parts.password or "")
    if role == unquote(urlsplit(owner_url).username or ""):
        raise InstallationError(
            "DATABASE_RUNTIME_URL must not use the owner's role: it could bypass row-level security."
        )
    connection = _connect(owner_url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            _make_role(cursor, role, password)
    except psycopg2.errors.InsufficientPrivilege:
        raise InstallationError(f"The owner may not make the role {role}: make it once as a superuser.") from None
    finally:
        connection.close()
    return role


def _make_role(cursor: "psycopg2.extensions.cursor", role: str, password: str) -> None:
    # Roles are the server's, not a database's: another installation on it may be making the same one in this moment.
    for tries_left in reversed(range(_TRIES)):
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        statement = sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}")
        try:
            cursor.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
        except (psycopg2.errors.DuplicateObject, psycopg2.errors.UniqueViolation, psycopg2.errors.InternalError_):
            if not tries_left:
                raise
        else:
            return


def migrate(owner_url: str, migrations: Path) -> None:
    """Brings the tables to the newest migration."""
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["url"] = owner_url
    command.upgrade(config, "head")


def grant(owner_url: str, role: str) -> None:
    """Gives the runtime role what it needs and no more: the audit log can be read and added to, not changed."""
    connection = _connect(owner_url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            # One string is one transaction, so there is no moment with half of the rights.
            partitions = sql.SQL(", ").join(map(sql.Identifier, PARTITIONS))
            cursor.execute(sql.SQL(_GRANTS).format(role=sql.Identifier(role), partitions=partitions))
    finally:
        connection.close()


_GRANTS = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
-- Companies are only ever deleted softly, and chains of the audit log never.
REVOKE DELETE ON companies, audit_chains FROM {role};
REVOKE ALL ON audit_entries, alembic_version FROM {role};
GRANT SELECT, INSERT ON audit_entries TO {role};
GRANT SELECT ON alembic_version TO {role};
-- No wall stands on partitions: they are reached through their table, on which it does.
REVOKE ALL ON {partitions} FROM {role};
REVOKE ALL ON FUNCTION
    frontdesk_enter_by_api_key, frontdesk_enter_by_session, frontdesk_enter_by_lead, frontdesk_enter_by_agent,
    frontdesk_find_nearest, frontdesk_find_worded, frontdesk_prune_audit_entries
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    frontdesk_enter_by_api_key, frontdesk_enter_by_session, frontdesk_enter_by_lead, frontdesk_enter_by_agent,
    frontdesk_find_nearest, frontdesk_find_worded, frontdesk_prune_audit_entries
    TO {role};
"""


def _connect(url: str) -> "psycopg2.extensions.connection":
    return psycopg2.connect(without_driver(url), connect_timeout=5)
