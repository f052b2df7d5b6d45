"""What is known of an analysed database: snapshot, graph, sample queries."""

from datetime import UTC, datetime
from typing import Any

import networkx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.database_connection import DatabaseConnection
from app.models.database_table import DatabaseTable
from app.services import database_access
from tests.cast import Cast
from tests.database.conftest import Analyze, Connect
from tests.database.servers import Shop
from tests.rows import change, now_in

URL = "/v1/database-connection"
READS = ("semantic-snapshot", "knowledge-graph", "sample-queries")


@pytest.fixture
def analyzed(analyze: Analyze, connect: Connect, shops: dict[str, Shop], reachable: None) -> DatabaseConnection:
    return analyze(connect(shops["postgresql"]))


@pytest.fixture
def fetch(client: FlaskClient, cast: Cast, analyzed: DatabaseConnection) -> Any:
    def get(what: str, **query: Any) -> Any:
        answer = client.get(f"{URL}/{analyzed.id}/{what}", query_string=query, headers=cast.bob.headers)
        assert answer.status_code == 200, answer.json
        return answer.json

    return get


@pytest.fixture
def delete_orders(database: Session, analyzed: DatabaseConnection) -> None:
    table_id = database.scalars(select(DatabaseTable.id).where(DatabaseTable.name == "orders")).one()
    change(database, DatabaseTable, table_id, deleted_at=datetime.now(UTC))


def test_the_snapshot_says_what_is_there(fetch: Any) -> None:
    shown = fetch("semantic-snapshot", per_page=2)
    assert (shown["table_count"], shown["pagination"]["pages"], len(shown["tables"])) == (5, 3, 2)
    assert {"name": "order", "tables": ["open_orders", "order_lines", "orders"]} in shown["concepts"]
    everything = {table["name"]: table for table in fetch("semantic-snapshot")["tables"]}
    (relation,) = everything["orders"]["relations"]
    assert (relation["target_table"], relation["evidence"]) == ("customers", "declared")
    status = next(column for column in everything["orders"]["columns"] if column["name"] == "status")
    assert status["distinct_values"] == ["open", "paid", "shipped"]


def test_graph_libraries_read_the_graph(fetch: Any) -> None:
    shown = fetch("knowledge-graph")
    graph = networkx.node_link_graph(shown)
    assert {kind for _, kind in graph.nodes(data="kind")} == {"table", "column", "concept"}
    kinds = {kind for *_, kind in graph.edges(data="kind")}
    assert kinds == {"has", "key", "join", "similar", "about"}
    labels = {label: node for node, label in graph.nodes(data="label")}
    path = networkx.shortest_path(graph, labels["public.order_lines"], labels["public.customers"])
    assert [graph.nodes[node]["label"] for node in path] == [
        "public.order_lines",
        "public.orders",
        "public.customers",
    ]
    assert networkx.node_link_graph(shown, edges="links").number_of_edges() == graph.number_of_edges()


def test_the_graph_is_bounded(fetch: Any) -> None:
    shown = fetch("knowledge-graph", search="order_lines", columns="false")
    assert {node["kind"] for node in shown["nodes"]} == {"table", "concept"}
    assert shown["graph"]["total"] == 1
    assert len(fetch("knowledge-graph", per_page=1)["nodes"]) < len(fetch("knowledge-graph")["nodes"])


def test_sample_queries_run_and_return_rows(
    app: Any, client: FlaskClient, cast: Cast, analyze: Analyze, connect: Connect, shop: Shop, database: Session
) -> None:
    connection = analyze(connect(shop))
    answer = client.get(f"{URL}/{connection.id}/sample-queries?per_page=100", headers=cast.bob.headers)
    found = answer.json["items"]
    questions = {each["question"] for each in found}
    assert "How many orders are there by status?" in questions
    assert "Which products have the most order lines?" in questions  # by a key that nobody declared
    assert any("by month" in question for question in questions)
    assert all(each["row_count"] > 0 and each["tables"] and each["columns"] for each in found)
    stored = now_in(database, DatabaseConnection, connection.id)
    with app.app_context(), database_access.opened(stored) as opened:
        for each in found:
            assert opened.execution_options(no_parameters=True).exec_driver_sql(each["sql"]).all()
    assert not [each for each in found if "email" in each["sql"] or "full_name" in each["sql"]]


def test_nothing_shows_a_deleted_table(fetch: Any, delete_orders: None) -> None:
    assert "orders" not in [table["name"] for table in fetch("semantic-snapshot")["tables"]]
    assert not [node for node in fetch("knowledge-graph")["nodes"] if node["label"] == "public.orders"]
    for query in fetch("sample-queries", per_page=100)["items"]:
        assert "public.orders" not in query["tables"]


def test_drift_is_shown(analyze: Analyze, analyzed: DatabaseConnection, shops: dict[str, Shop], fetch: Any) -> None:
    shop = shops["postgresql"]
    shop.execute("CREATE TABLE planted (id integer PRIMARY KEY)")
    try:
        analyze(analyzed.id)
    finally:
        shop.execute("DROP TABLE planted")
    drift = fetch("semantic-snapshot")["drift"]
    assert (drift["tables_added"], drift["tables_removed"], drift["cut"]) == (["public.planted"], [], False)


@pytest.mark.parametrize("what", READS)
def test_refuses_everybody_else(
    client: FlaskClient, cast: Cast, connect: Connect, shops: Any, reachable: None, what: str
) -> None:
    path = f"{URL}/{connect(shops['sqlite'])}/{what}"
    assert client.get(path).status_code == 401
    assert client.get(path, headers=cast.key(cast.alice, "read", permissions={"agents": ["read"]})).status_code == 403
    assert client.get(path, headers=cast.charlie.headers).status_code == 404
    assert client.get(f"{path}?page=0", headers=cast.alice.headers).status_code == 422
    assert client.get(path, headers=cast.alice.headers).status_code == 200
