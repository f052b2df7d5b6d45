"""Customers' databases: connecting to them, and what is in them."""

from typing import Any
from uuid import UUID

from app.blueprints.database.knowledge_schemas import (
    ExportRequest,
    ExportResponse,
    GraphQuery,
    GraphResponse,
    SampleQueryPage,
    SnapshotResponse,
)
from app.blueprints.database.schemas import (
    AnalyzeRequest,
    AnalyzingResponse,
    ChangeConnectionRequest,
    ChangeTableRequest,
    ConnectionPage,
    ConnectionQuery,
    ConnectionResponse,
    CreateConnectionRequest,
    TableDetailsResponse,
    TablePage,
    TableQuery,
    TestResponse,
)
from app.core.paging import Page, PageRequest
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, requires
from app.http.schemas import PageQuery
from app.models.database_connection import DatabaseConnection
from app.models.database_sample_query import DatabaseSampleQuery
from app.models.database_table import DatabaseTable
from app.models.user import Role
from app.security.scopes import Resource, Scope
from app.services import (
    database_analysis,
    database_connections,
    database_exports,
    database_graph,
    database_samples,
    database_snapshot,
    database_tables,
)
from app.services.database_connections import TestReport
from app.services.database_exports import Export
from app.services.database_snapshot import Snapshot
from app.services.database_tables import TableDetails
from app.services.document_uploads import Taken

blp = Blueprint("database", __name__, description="Customers' databases: connections, and what is in them.")

BOTH = (Credential.API_KEY, Credential.JWT)
DATABASES = Resource.DATABASES
_ADMINS = (Role.ADMIN, Role.SUPER_ADMIN)


@blp.post("/v1/database-connection")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES, waits=True, once=True)
@blp.arguments(CreateConnectionRequest)
@blp.response(201, ConnectionResponse)
def create_connection(body: dict[str, Any]) -> tuple[DatabaseConnection, dict[str, str]]:
    """Connect a database: it is tried out, and stored when it works"""
    connection = database_connections.create(current_principal(), body)
    return connection, {"Location": f"/v1/database-connection/{connection.id}"}


@blp.get("/v1/database-connection")
@requires(*BOTH, scope=Scope.READ, resource=DATABASES)
@blp.arguments(ConnectionQuery, location="query")
@blp.response(200, ConnectionPage)
def find_connections(query: dict[str, Any]) -> Page[DatabaseConnection]:
    """List connections"""
    wanted = PageRequest(query["page"], query["per_page"])
    return database_connections.find_all(current_principal(), agent_id=query["agent_id"], wanted=wanted)


@blp.get("/v1/database-connection/<uuid:connection_id>")
@requires(*BOTH, scope=Scope.READ, resource=DATABASES)
@blp.response(200, ConnectionResponse)
def get_connection(connection_id: UUID) -> DatabaseConnection:
    """Fetch a connection: how it is, and how far its analysis has come"""
    return database_connections.get(current_principal(), connection_id)


@blp.put("/v1/database-connection/<uuid:connection_id>")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES, waits=True)
@blp.arguments(CreateConnectionRequest)
@blp.response(200, ConnectionResponse)
def replace_connection(body: dict[str, Any], connection_id: UUID) -> DatabaseConnection:
    """Replace a connection; another URL is tried out first"""
    return database_connections.change(current_principal(), connection_id, {"connection_params": {}, **body})


@blp.patch("/v1/database-connection/<uuid:connection_id>")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES, waits=True)
@blp.arguments(ChangeConnectionRequest)
@blp.response(200, ConnectionResponse)
def change_connection(body: dict[str, Any], connection_id: UUID) -> DatabaseConnection:
    """Change some of a connection; another URL is tried out first"""
    return database_connections.change(current_principal(), connection_id, body)


@blp.post("/v1/database-connection/<uuid:connection_id>/test")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES, waits=True)
@blp.response(200, TestResponse)
def test_connection(connection_id: UUID) -> TestReport:
    """Try a connection out, and keep how it went"""
    return database_connections.test(current_principal(), connection_id)


@blp.post("/v1/database-connection/<uuid:connection_id>/analyze")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES)
@blp.response(202, ConnectionResponse, description="It waits for a worker; its `analysis_status` tells how far it is.")
def analyze_connection(connection_id: UUID) -> DatabaseConnection:
    """Have a database analysed; only what is new in it or has changed is looked at again"""
    return database_analysis.ask(current_principal(), connection_id)


@blp.post("/v1/database-connection/analyze")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES)
@blp.arguments(AnalyzeRequest, required=False)
@blp.response(202, AnalyzingResponse, description="They wait for workers; those that one is at are left to it.")
def analyze_connections(body: dict[str, Any]) -> dict[str, list[DatabaseConnection]]:
    """Have several databases analysed, or all"""
    return {"connections": database_analysis.ask_many(current_principal(), **body)}


@blp.delete("/v1/database-connection/<uuid:connection_id>")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES)
@blp.response(204)
def delete_connection(connection_id: UUID) -> None:
    """Delete a connection softly: nothing is asked of its database any more"""
    database_connections.delete(current_principal(), connection_id)


@blp.patch("/v1/database-connection/<uuid:connection_id>/restore")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES)
@blp.response(200, ConnectionResponse)
def restore_connection(connection_id: UUID) -> DatabaseConnection:
    """Restore a deleted connection; tables that were deleted on their own stay deleted"""
    return database_connections.restore(current_principal(), connection_id)


@blp.get("/v1/database-connection/deleted")
@requires(*BOTH, scope=Scope.READ, resource=DATABASES)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ConnectionPage)
def find_deleted_connections(query: dict[str, int]) -> Page[DatabaseConnection]:
    """List deleted connections"""
    return database_connections.find_deleted(current_principal(), PageRequest(**query))


@blp.get("/v1/database-connection/<uuid:connection_id>/table")
@requires(*BOTH, scope=Scope.READ, resource=DATABASES)
@blp.arguments(TableQuery, location="query")
@blp.response(200, TablePage)
def find_tables(query: dict[str, Any], connection_id: UUID) -> Page[DatabaseTable]:
    """List the tables of a connection that its last analysis found"""
    wanted = PageRequest(query["page"], query["per_page"])
    return database_tables.find_all(current_principal(), connection_id, search=query["search"], wanted=wanted)


@blp.get("/v1/database-connection/table/<uuid:table_id>")
@requires(*BOTH, scope=Scope.READ, resource=DATABASES)
@blp.response(200, TableDetailsResponse)
def get_table(table_id: UUID) -> TableDetails:
    """Fetch a table with its columns and what they refer to"""
    return database_tables.get(current_principal(), table_id)


@blp.patch("/v1/database-connection/table/<uuid:table_id>")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES, roles=_ADMINS)
@blp.arguments(ChangeTableRequest)
@blp.response(200, TableDetailsResponse)
def change_table(body: dict[str, bool], table_id: UUID) -> TableDetails:
    """Say whether agents may answer visitors from a table"""
    return database_tables.allow_visitors(current_principal(), table_id, **body)


@blp.delete("/v1/database-connection/table/<uuid:table_id>")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES)
@blp.response(204)
def delete_table(table_id: UUID) -> None:
    """Delete a table softly: nothing finds it, and nothing is asked of it any more"""
    database_tables.delete(current_principal(), table_id)


@blp.delete("/v1/database-connection/<uuid:connection_id>/table")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES)
@blp.response(204)
def delete_tables(connection_id: UUID) -> None:
    """Delete all tables of a connection softly"""
    database_tables.delete_all(current_principal(), connection_id)


@blp.patch("/v1/database-connection/table/<uuid:table_id>/restore")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES)
@blp.response(200, TableDetailsResponse)
def restore_table(table_id: UUID) -> TableDetails:
    """Restore a deleted table"""
    return database_tables.restore(current_principal(), table_id)


@blp.get("/v1/database-connection/table/deleted")
@requires(*BOTH, scope=Scope.READ, resource=DATABASES)
@blp.arguments(PageQuery, location="query")
@blp.response(200, TablePage)
def find_deleted_tables(query: dict[str, int]) -> Page[DatabaseTable]:
    """List deleted tables of connections that live"""
    return database_tables.find_deleted(current_principal(), PageRequest(**query))


@blp.get("/v1/database-connection/<uuid:connection_id>/semantic-snapshot")
@requires(*BOTH, scope=Scope.READ, resource=DATABASES)
@blp.arguments(PageQuery, location="query")
@blp.response(200, SnapshotResponse)
def get_snapshot(query: dict[str, int], connection_id: UUID) -> Snapshot:
    """Fetch what a database is about: its tables, page by page, concepts, and what has changed"""
    return database_snapshot.get(current_principal(), connection_id, PageRequest(**query))


@blp.get("/v1/database-connection/<uuid:connection_id>/knowledge-graph")
@requires(*BOTH, scope=Scope.READ, resource=DATABASES)
@blp.arguments(GraphQuery, location="query")
@blp.response(200, GraphResponse)
def get_graph(query: dict[str, Any], connection_id: UUID) -> dict[str, Any]:
    """Fetch a database's tables, columns and concepts as a graph, for a page of its tables"""
    wanted = PageRequest(query["page"], query["per_page"])
    return database_graph.get(
        current_principal(), connection_id, search=query["search"], with_columns=query["columns"], wanted=wanted
    )


@blp.get("/v1/database-connection/<uuid:connection_id>/sample-queries")
@requires(*BOTH, scope=Scope.READ, resource=DATABASES)
@blp.arguments(PageQuery, location="query")
@blp.response(200, SampleQueryPage)
def find_sample_queries(query: dict[str, int], connection_id: UUID) -> Page[DatabaseSampleQuery]:
    """List questions that a database answers, with SQL that was run and returned rows"""
    return database_samples.find_all(current_principal(), connection_id, PageRequest(**query))


@blp.post("/v1/database-connection/export")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES, category=Category.UPLOAD, waits=True, once=True)
@blp.arguments(ExportRequest)
@blp.response(202, ExportResponse)
def export_tables(body: dict[str, Any]) -> dict[str, Any]:
    """Make documents of a database's tables, for an agent to answer from; columns with personal data are left out"""
    return {"documents": [_exported(each) for each in database_exports.export(current_principal(), Export(**body))]}


def _exported(taken: Taken) -> dict[str, Any]:
    document, refusal = taken.document, taken.refusal
    return {
        "id": document.id if document else None,
        "filename": taken.filename,
        "status": document.status if document else "refused",
        "duplicate": taken.duplicate,
        "error": refusal.detail if refusal else None,
    }
