"""POST /v1/database-connection/export."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.database_connection import DatabaseConnection
from app.models.database_table import DatabaseTable
from app.models.document import Document
from app.services import document_files
from tests.cast import Cast
from tests.database.conftest import Analyze, Connect
from tests.database.servers import Shop
from tests.rows import all_of, audited

URL = "/v1/database-connection/export"


@pytest.fixture(params=["sqlite"])
def shop(request: pytest.FixtureRequest, shops: dict[str, Shop], reachable: None) -> Shop:
    """One kind of server is enough where none differs."""
    return shops[request.param]


@pytest.fixture
def analyzed(analyze: Analyze, connect: Connect, shop: Shop) -> DatabaseConnection:
    return analyze(connect(shop))


@pytest.fixture
def export(client: FlaskClient, cast: Cast, analyzed: DatabaseConnection) -> Any:
    def post(**values: Any) -> Any:
        body = {"connection_id": str(analyzed.id), **values}
        return client.post(URL, json=body, headers=cast.alice.headers)

    return post


@pytest.fixture
def read(app: Any, database: Session) -> Any:
    """The text of an exported document."""

    def text(document_id: str) -> str:
        (document,) = all_of(database, Document, Document.id == UUID(document_id))
        with app.app_context():
            return document_files.storage().get(document.storage_name or "").decode()

    return text


def _table(database: Session, name: str) -> str:
    return str(database.scalars(select(DatabaseTable.id).where(DatabaseTable.name == name)).one())


@pytest.mark.parametrize("shop", ["postgresql", "mysql", "sqlite"], indirect=True)
def test_makes_a_document_of_each_table(export: Any, read: Any, database: Session, agent: UUID) -> None:
    answer = export()
    assert answer.status_code == 202
    documents = {each["filename"].split("-")[1].split(".")[-1]: each for each in answer.json["documents"]}
    assert set(documents) == {"customers", "products", "orders", "order_lines", "open_orders"}
    assert {each["status"] for each in documents.values()} == {"uploaded"}
    assert {each.agent_id for each in all_of(database, Document)} == {agent}
    products = read(documents["products"]["id"])
    assert products.startswith("# Products\n")
    assert "- title: Helmet" in products and "- price: 49.9" in products
    customers = read(documents["customers"]["id"])
    assert "London" in customers
    assert "ada" not in customers.lower() and "Lovelace" not in customers
    assert audited(database, "database_exported").risk_level == "high"


def test_takes_a_template_and_a_limit(export: Any, read: Any, database: Session) -> None:
    values = {"table_ids": [_table(database, "products")], "row_limit": 2, "template": "{title} costs {price} euro."}
    (document,) = export(**values).json["documents"]
    text = read(document["id"])
    assert text.count(" costs ") == 2
    assert "Helmet costs 49.9" in text


def test_the_next_export_takes_the_place_of_the_one_before(export: Any, shop: Shop, database: Session) -> None:
    wanted = {"table_ids": [_table(database, "products")]}
    (first,) = export(**wanted).json["documents"]
    assert export(**wanted).json["documents"][0] == {**first, "duplicate": True}
    shop.execute("UPDATE products SET price = 39.90 WHERE id = 1")
    try:
        (second,) = export(**wanted).json["documents"]
    finally:
        shop.execute("UPDATE products SET price = 49.90 WHERE id = 1")
    live = all_of(database, Document, Document.deleted_at.is_(None))
    assert [str(each.id) for each in live] == [second["id"]]


def test_refuses_what_cannot_be_exported(export: Any, database: Session) -> None:
    answer = export(table_ids=[_table(database, "customers")], template="{full_name} lives in {city}")
    assert answer.status_code == 422
    assert "full_name" in answer.json["errors"]["template"][0]
    assert export(row_limit=0).status_code == 422
    assert export(table_ids=["0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01"]).status_code == 404


def test_refuses_everybody_else(client: FlaskClient, cast: Cast, analyzed: DatabaseConnection) -> None:
    body = {"connection_id": str(analyzed.id)}
    assert client.post(URL, json=body).status_code == 401
    assert client.post(URL, json=body, headers=cast.key(cast.alice, "read")).status_code == 403
    assert client.post(URL, json=body, headers=cast.charlie.headers).status_code == 404
