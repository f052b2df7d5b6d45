"""POST /v1/search/database."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.database_connection import DatabaseConnection
from app.models.database_table import DatabaseTable
from app.services import database_search
from tests.cast import Cast
from tests.database.conftest import Analyze, Connect
from tests.database.servers import Shop
from tests.rows import change

URL = "/v1/search/database"


@pytest.fixture
def analyzed(analyze: Analyze, connect: Connect, shops: dict[str, Shop], reachable: None) -> DatabaseConnection:
    return analyze(connect(shops["sqlite"]))


@pytest.fixture
def search(client: FlaskClient, cast: Cast, analyzed: DatabaseConnection) -> Any:
    """Searches as Alice; returns the names that were found, `table` or `table.column`."""

    def ask(query: str, **values: Any) -> list[str]:
        answer = client.post(URL, json={"query": query, **values}, headers=cast.alice.headers)
        assert answer.status_code == 200, answer.json
        assert answer.json["total"] == len(answer.json["results"])
        return [".".join(filter(None, (each["table"], each["column"]))) for each in answer.json["results"]]

    return ask


def test_finds_by_meaning(search: Any) -> None:
    assert "products.price" in search("how expensive is an article", limit=5)
    assert any(name.startswith("customers") for name in search("people who buy from us", limit=4))


def test_finds_by_words_and_values(search: Any) -> None:
    assert "orders.status" in search("shipped", limit=3)
    assert search("order lines", limit=2)[0] == "order_lines"


def test_finds_nothing_that_is_deleted(search: Any, database: Session) -> None:
    table_id = database.scalars(select(DatabaseTable.id).where(DatabaseTable.name == "products")).one()
    change(database, DatabaseTable, table_id, deleted_at=datetime.now(UTC))
    assert not [name for name in search("price of products", limit=50) if name.startswith("products")]


def test_finds_by_words_alone_without_vectors(search: Any, database: Session, analyzed: DatabaseConnection) -> None:
    change(database, DatabaseConnection, analyzed.id, embedding_space=None)
    assert search("customers", limit=1) == ["customers"]


def test_ranks_tables_for_a_question(app: Any, cast: Cast, analyzed: DatabaseConnection, database: Session) -> None:
    with app.app_context():
        ranked = database_search.rank_tables(
            company_id=cast.acme, connection_id=analyzed.id, question="Which city do most buyers live in?"
        )
    names = {row.id: row.name for row in database.scalars(select(DatabaseTable))}
    assert names[max(ranked, key=lambda each: ranked[each])] == "customers"


def test_refuses_everybody_else_and_bad_input(client: FlaskClient, cast: Cast, analyzed: DatabaseConnection) -> None:
    body = {"query": "orders", "connection_id": str(analyzed.id)}
    assert client.post(URL, json=body).status_code == 401
    assert client.post(URL, json=body, headers=cast.key(cast.alice, "read")).status_code == 403
    assert client.post(URL, json=body, headers=cast.charlie.headers).status_code == 404
    assert client.post(URL, json={"query": "orders"}, headers=cast.charlie.headers).json["results"] == []
    assert client.post(URL, json={"query": ""}, headers=cast.alice.headers).status_code == 422
