"""Search and analytics for the team."""

from typing import Any

from app.blueprints.dashboard.schemas import (
    SearchDatabasesRequest,
    SearchDatabasesResponse,
    SearchDocumentsRequest,
    SearchDocumentsResponse,
)
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, requires
from app.security.scopes import Resource, Scope
from app.services import database_search, document_search
from app.services.database_search import Hit

blp = Blueprint("dashboard", __name__, description="Search over what the company's agents know.")

_BOTH = (Credential.API_KEY, Credential.JWT)


@blp.post("/v1/search/document")
@requires(*_BOTH, scope=Scope.WRITE, resource=Resource.DOCUMENTS, category=Category.AI, waits=True)
@blp.arguments(SearchDocumentsRequest)
@blp.response(200, SearchDocumentsResponse)
def search_documents(body: dict[str, Any]) -> dict[str, Any]:
    """Search an agent's documents by meaning and by words"""
    found = document_search.search(current_principal(), **body)
    return {"query": body["query"], "results": found, "total": len(found)}


@blp.post("/v1/search/database")
@requires(*_BOTH, scope=Scope.WRITE, resource=Resource.DATABASES, category=Category.AI, waits=True)
@blp.arguments(SearchDatabasesRequest)
@blp.response(200, SearchDatabasesResponse)
def search_databases(body: dict[str, Any]) -> dict[str, Any]:
    """Search the tables and columns of connected databases by meaning and by words"""
    found = database_search.search(current_principal(), **body)
    return {"query": body["query"], "results": [_shown(hit) for hit in found], "total": len(found)}


def _shown(hit: Hit) -> dict[str, Any]:
    table, column = hit.table, hit.column
    return {
        "kind": "column" if column else "table",
        "connection_id": hit.connection_id,
        "table_id": table.id,
        "schema": table.schema,
        "table": table.name,
        "column_id": column.id if column else None,
        "column": column.name if column else None,
        "type": column.type if column else table.kind,
        "description": column.description if column else table.description,
        "score": hit.score,
    }
