"""Rows of customers' tables as documents, so that agents answer from them as from any other.

Columns with personal data stay out: what is in a document can be quoted to any visitor. One table is one document; an
export takes the place of the one before.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from app.core import tenancy
from app.core.scratch import scratch_folder
from app.core.settings import settings
from app.core.transaction import transaction
from app.errors import Invalid, NotFound
from app.models.audit_entry import RiskLevel
from app.models.database_connection import DatabaseConnection
from app.models.document import DocumentSource
from app.repositories import agents, database_connections, documents
from app.security.principal import Principal
from app.services import audit, database_access, database_schema, document_uploads
from app.services import documents as document_rules
from app.services.audit import Event
from app.services.database_access import DatabaseUnavailable
from app.services.database_schema import StoredTable
from app.services.document_uploads import ReceivedFile, Taken
from app.textsql import rows
from app.textsql.failures import DatabaseFailed
from app.textsql.names import phrase
from app.textsql.quoting import place, quoted
from app.textsql.sample import TypeClass, class_of
from app.textsql.schema import Dialect

MOST_TABLES = 50
_MARK = re.compile(r"\{([^{}]+)\}")
_LONGEST_VALUE = 2_000
_STATEMENT_SECONDS = 60.0
_DECLARED = "text/markdown"
_UNNAMED = re.compile(r"[^\w.-]+")


class NothingToExport(Invalid):
    """The connection has no table that could be exported."""

    code = "nothing_to_export"
    detail = "There is no table to export. Analyse the database first, or name tables that are not deleted."


@dataclass(frozen=True)
class Export:
    """What is wanted. `template` is the text of one row, with `{column}` for its values."""

    connection_id: UUID
    table_ids: Sequence[UUID] | None
    agent_id: UUID | None
    row_limit: int
    template: str | None


@dataclass(frozen=True)
class _Work:
    source: DatabaseConnection
    agent_id: UUID
    tables: Sequence[StoredTable]


def export(principal: Principal, wanted: Export) -> list[Taken]:
    """Makes documents of tables: of those that are named, or of all, up to `MOST_TABLES`. Waits for the customer's
    server. Raises `NotFound`, `NothingToExport`, `Invalid` for a template of other columns, `DatabaseUnavailable`."""
    company_id = principal.company()
    with transaction():
        tenancy.enter_company(company_id)
        work = _load(company_id, wanted)
    with scratch_folder() as folder:
        files = _write(work, wanted, folder)
        with document_uploads.stage(principal, files) as staged, transaction():
            tenancy.enter_company(company_id)
            taken = document_uploads.take(principal, agent_id=work.agent_id, files=staged, urls=[])
            _remove_earlier(principal, work, taken)
            _record(principal, work, wanted)
    return taken


def _load(company_id: UUID, wanted: Export) -> _Work:
    connection = database_connections.get(company_id=company_id, connection_id=wanted.connection_id)
    if connection is None:
        raise NotFound
    agent_id = wanted.agent_id or connection.agent_id
    if agents.get(company_id=company_id, agent_id=agent_id) is None:
        raise NotFound("There is no agent by this id.")
    tables = database_schema.load(company_id=company_id, connection_id=connection.id)
    if wanted.table_ids is not None:
        tables = [each for each in tables if each.id in set(wanted.table_ids)]
        if len(tables) < len(set(wanted.table_ids)):
            raise NotFound
    if not tables:
        raise NothingToExport
    if len(tables) > MOST_TABLES:
        raise Invalid(f"{len(tables)} tables are too many at once. Name {MOST_TABLES} at most in `table_ids`.")
    _check_template(wanted.template, tables)
    return _Work(connection, agent_id, tables)


def _check_template(template: str | None, tables: Sequence[StoredTable]) -> None:
    if template is None:
        return
    named = set(_MARK.findall(template))
    for each in tables:
        unknown = sorted(named - {column for column, _ in _columns(each)})
        if unknown:
            missing = ", ".join(unknown)
            raise Invalid(errors={"template": [f"{each.table.name} has no column {missing} that may be exported."]})


def _write(work: _Work, wanted: Export, folder: Path) -> list[ReceivedFile]:
    target = database_access.target_of_connection(work.source)
    files = []
    try:
        with database_access.opened(work.source, statement_seconds=_STATEMENT_SECONDS) as database:
            for number, table in enumerate(work.tables):
                path = folder / f"{number}.md"
                _write_one(database, target.dialect, table, wanted, path)
                database.rollback()
                files.append(_received(path, work.source, table))
    except DatabaseFailed as error:
        raise DatabaseUnavailable(error) from None
    return files


def _write_one(database: Connection, dialect: Dialect | None, stored: StoredTable, wanted: Export, path: Path) -> None:
    columns = _columns(stored)
    shown = ", ".join(_expression(name, kind, dialect) for name, kind in columns)
    statement = f"SELECT {shown} FROM {place(stored.table.schema, stored.table.name, dialect)}"  # noqa: S608 - quoted
    if dialect is not None:
        statement += f" LIMIT {wanted.row_limit}"
    names = [name for name, _ in columns]
    with path.open("w", encoding="utf-8") as file:
        room = settings().max_document_bytes - file.write(_heading(stored))
        for piece in rows.read(database, statement, most=wanted.row_limit):
            for row in piece:
                text = _row(dict(zip(names, row, strict=True)), wanted.template)
                room -= 4 * len(text)  # as many bytes as its characters may have
                if room <= 0:
                    return
                file.write(text)


def _columns(stored: StoredTable) -> list[tuple[str, str]]:
    """Names and types of the columns that may be exported."""
    return [
        (column.name, column.type)
        for column in stored.table.columns
        if class_of(column.type) is not TypeClass.OPAQUE and not stored.columns[column.name].personal
    ] or [(stored.table.columns[0].name, stored.table.columns[0].type)]


def _expression(name: str, kind: str, dialect: Dialect | None) -> str:
    """No value is fetched longer than it is shown."""
    column = quoted(name, dialect)
    if class_of(kind) is not TypeClass.TEXT or dialect is None:
        return column
    if dialect is Dialect.POSTGRESQL:
        return f"left(CAST({column} AS text), {_LONGEST_VALUE})"
    return f"substr({column}, 1, {_LONGEST_VALUE})"


def _heading(stored: StoredTable) -> str:
    said = f"{stored.description}\n\n" if stored.description else ""
    return f"# {phrase(stored.table.name).capitalize()}\n\n{said}"


def _row(values: Mapping[str, Any], template: str | None) -> str:
    if template is not None:
        return _MARK.sub(lambda found: _shown(values[found[1]]), template) + "\n\n"
    lines = [f"- {phrase(name)}: {_shown(value)}" for name, value in values.items() if value is not None]
    return "\n".join(lines) + "\n\n"


def _shown(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())[:_LONGEST_VALUE]


def _received(path: Path, connection: DatabaseConnection, stored: StoredTable) -> ReceivedFile:
    content = path.read_bytes()
    return ReceivedFile(
        path=path,
        filename=_name(connection, stored),
        declared=_DECLARED,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _name(connection: DatabaseConnection, stored: StoredTable) -> str:
    """The same at every export, which is how the one before is found."""
    schema = f"{stored.table.schema}." if stored.table.schema else ""
    plain = _UNNAMED.sub("-", f"{connection.name}-{schema}{stored.table.name}")
    return f"{plain}-{str(connection.id)[-8:]}.md"


def _remove_earlier(principal: Principal, work: _Work, taken: Sequence[Taken]) -> None:
    kept = {each.document.id for each in taken if each.document}
    names = [_name(work.source, each) for each in work.tables]
    earlier = documents.find_ids_by_filenames(
        company_id=principal.company(), agent_id=work.agent_id, source=DocumentSource.FILE, filenames=names
    )
    gone = [each for each in earlier if each not in kept]
    if gone:
        document_rules.delete_many(principal, gone)


def _record(principal: Principal, work: _Work, wanted: Export) -> None:
    audit.record(
        Event.DATABASE_EXPORTED,
        "database_connection",
        work.source.id,
        company_id=work.source.company_id,
        by=principal,
        after={
            "agent_id": work.agent_id,
            "tables": [each.table.name for each in work.tables],
            "row_limit": wanted.row_limit,
        },
        # What is in them can be quoted to anybody on the company's site from now on.
        risk=RiskLevel.HIGH,
    )
