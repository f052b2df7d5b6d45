"""Tables of a connection: listing, looking at, switching, deleting and restoring them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.database_connection import DatabaseConnection
from app.models.database_table import DatabaseTable
from app.services import database_schema
from tests.cast import Cast
from tests.database.conftest import Analyze, Connect
from tests.database.servers import Shop
from tests.rows import audited, now_in

URL = "/v1/database-connection"


@pytest.fixture
def analyzed(analyze: Analyze, connect: Connect, shops: dict[str, Shop], reachable: None) -> DatabaseConnection:
    return analyze(connect(shops["sqlite"]))


@pytest.fixture
def orders(database: Session, analyzed: DatabaseConnection) -> UUID:
    return database.scalars(select(DatabaseTable.id).where(DatabaseTable.name == "orders")).one()


@pytest.fixture
def alice(client: FlaskClient, cast: Cast) -> Callable[..., Any]:
    return lambda method, path, **values: client.open(
        f"{URL}{path}", method=method, headers=cast.alice.headers, **values
    )


def test_lists_by_name_and_finds(alice: Any, analyzed: DatabaseConnection) -> None:
    names = [each["name"] for each in alice("GET", f"/{analyzed.id}/table").json["items"]]
    assert names == ["customers", "open_orders", "order_lines", "orders", "products"]
    found = alice("GET", f"/{analyzed.id}/table?search=LINES&per_page=1").json
    assert [each["name"] for each in found["items"]] == ["order_lines"]


def test_shows_columns_and_relations(alice: Any, orders: UUID) -> None:
    shown = alice("GET", f"/table/{orders}").json
    assert (shown["name"], shown["primary_key"], shown["answers_visitors"]) == ("orders", ["id"], False)
    assert [each["name"] for each in shown["columns"]] == ["id", "customer_id", "status", "placed_at", "total"]
    assert [each["columns"] for each in shown["relations"]] == [["customer_id"]]


def test_only_admins_let_agents_answer_visitors_from_a_table(
    alice: Any, orders: UUID, client: FlaskClient, cast: Cast, database: Session, app: Any
) -> None:
    body = {"answers_visitors": True}
    assert client.patch(f"{URL}/table/{orders}", json=body, headers=cast.bob.headers).status_code == 403
    assert alice("PATCH", f"/table/{orders}", json=body).json["answers_visitors"] is True
    entry = audited(database, "database_table_changed")
    assert (entry.risk_level, entry.before, entry.after) == ("high", {"answers_visitors": False}, body)
    table = now_in(database, DatabaseTable, orders)
    with app.app_context():
        from app.core import tenancy
        from app.core.transaction import transaction

        with transaction():
            tenancy.enter_company(cast.acme)
            named = {"company_id": cast.acme, "connection_id": table.connection_id}
            allowed = database_schema.load(**named, for_visitors=True)
            everything = database_schema.load(**named)
    assert [each.table.name for each in allowed] == ["orders"]
    assert allowed[0].table.foreign_keys == ()  # customers is not among them
    assert len(everything) == 5


def test_stays_switched_on_when_the_table_is_analysed_again(
    alice: Any, orders: UUID, analyze: Analyze, analyzed: DatabaseConnection, database: Session, shops: Any
) -> None:
    alice("PATCH", f"/table/{orders}", json={"answers_visitors": True})
    shops["sqlite"].execute("ALTER TABLE orders ADD COLUMN channel TEXT")
    try:
        analyze(analyzed.id)
    finally:
        shops["sqlite"].execute("ALTER TABLE orders DROP COLUMN channel")
    assert now_in(database, DatabaseTable, orders).answers_visitors


def test_deletes_and_restores_one(alice: Any, orders: UUID, analyzed: DatabaseConnection) -> None:
    assert alice("DELETE", f"/table/{orders}").status_code == 204
    assert alice("GET", f"/table/{orders}").status_code == 404
    assert alice("DELETE", f"/table/{orders}").status_code == 404
    assert "orders" not in [each["name"] for each in alice("GET", f"/{analyzed.id}/table").json["items"]]
    assert [each["id"] for each in alice("GET", "/table/deleted").json["items"]] == [str(orders)]
    assert alice("PATCH", f"/table/{orders}/restore").json["deleted_at"] is None
    assert alice("PATCH", f"/table/{orders}/restore").status_code == 409
    assert alice("GET", f"/table/{orders}").status_code == 200


def test_deletes_all(alice: Any, orders: UUID, analyzed: DatabaseConnection) -> None:
    assert alice("DELETE", f"/{analyzed.id}/table").status_code == 204
    assert alice("GET", f"/{analyzed.id}/table").json["items"] == []
    assert alice("GET", "/table/deleted").json["pagination"]["total"] == 5


def test_tables_of_a_deleted_connection_are_not_there(alice: Any, orders: UUID, analyzed: DatabaseConnection) -> None:
    alice("DELETE", f"/{analyzed.id}")
    assert alice("GET", f"/table/{orders}").status_code == 404
    alice("PATCH", f"/{analyzed.id}/restore")
    assert alice("GET", f"/table/{orders}").status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("PATCH", "/restore")])
def test_refuses_everybody_else(client: FlaskClient, cast: Cast, orders: UUID, method: str, path: str) -> None:
    address = f"{URL}/table/{orders}{path}"
    values = {"json": {"answers_visitors": True}} if method == "PATCH" and not path else {}
    assert client.open(address, method=method, **values).status_code == 401
    if method != "GET":
        reading = cast.key(cast.alice, "read")
        assert client.open(address, method=method, headers=reading, **values).status_code == 403
    assert client.open(address, method=method, headers=cast.charlie.headers, **values).status_code == 404
