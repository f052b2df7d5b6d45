"""Search and analytics for the team."""

from typing import Any

from app.blueprints.dashboard.schemas import SearchDocumentsRequest, SearchDocumentsResponse
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, requires
from app.security.scopes import Resource, Scope
from app.services import document_search

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
