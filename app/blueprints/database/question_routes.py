"""Questions to customers' databases, and approved answers to them."""

from typing import Any
from uuid import UUID

from app.blueprints.database.question_schemas import (
    AddExampleRequest,
    AskRequest,
    DatabaseAnswerResponse,
    ExamplePage,
    ExampleResponse,
)
from app.blueprints.database.routes import BOTH, DATABASES, blp
from app.core.paging import Page, PageRequest
from app.http.presence import caller_left
from app.http.rate_limits import Category
from app.http.requires import current_principal, requires
from app.http.schemas import PageQuery
from app.models.database_example import DatabaseExample
from app.security.scopes import Scope
from app.services import database_examples, database_questions
from app.services.database_questions import Answer

__all__ = ["blp"]


@blp.post("/v1/database-connection/<uuid:connection_id>/text-to-sql")
@requires(*BOTH, scope=Scope.READ, resource=DATABASES, category=Category.AI, waits=True)
@blp.arguments(AskRequest)
@blp.response(200, DatabaseAnswerResponse)
def ask_database(body: dict[str, Any], connection_id: UUID) -> Answer:
    """Ask a database in plain words: a model writes one query, which is checked, and run read-only if wanted"""
    return database_questions.ask(current_principal(), connection_id, **body, gone=caller_left())


@blp.post("/v1/database-connection/<uuid:connection_id>/example")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES)
@blp.arguments(AddExampleRequest)
@blp.response(201, ExampleResponse)
def add_example(body: dict[str, Any], connection_id: UUID) -> tuple[DatabaseExample, dict[str, str]]:
    """Approve a question with its SQL: models are shown it with questions like it"""
    example = database_examples.add(current_principal(), connection_id, **body)
    return example, {"Location": f"/v1/database-connection/{connection_id}/example/{example.id}"}


@blp.get("/v1/database-connection/<uuid:connection_id>/example")
@requires(*BOTH, scope=Scope.READ, resource=DATABASES)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ExamplePage)
def find_examples(query: dict[str, int], connection_id: UUID) -> Page[DatabaseExample]:
    """List the approved questions of a connection"""
    return database_examples.find_all(current_principal(), connection_id, PageRequest(**query))


@blp.delete("/v1/database-connection/<uuid:connection_id>/example/<uuid:example_id>")
@requires(*BOTH, scope=Scope.WRITE, resource=DATABASES)
@blp.response(204)
def delete_example(connection_id: UUID, example_id: UUID) -> None:
    """Delete an approved question for good"""
    database_examples.remove(current_principal(), connection_id, example_id)
