"""POST /v1/database-connection/<id>/analyze, by the worker's task, of databases on real servers."""

from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.database_column import DatabaseColumn
from app.models.database_connection import DatabaseConnection
from app.models.database_embedding import DatabaseEmbedding
from app.models.database_relation import DatabaseRelation
from app.models.database_table import DatabaseTable
from app.services import database_analysis, database_reading, work_lease
from app.services.database_lease import AnalysisLease
from tests.cast import Cast
from tests.database.conftest import Analyze, Connect
from tests.database.servers import Shop
from tests.rows import all_of, change, count, now_in

URL = "/v1/database-connection"


def _tables(database: Session) -> dict[str, DatabaseTable]:
    return {table.name: table for table in all_of(database, DatabaseTable)}


def _columns(database: Session, table: DatabaseTable) -> dict[str, DatabaseColumn]:
    return {each.name: each for each in all_of(database, DatabaseColumn, DatabaseColumn.table_id == table.id)}


def test_finds_out_what_is_in_a_database(analyze: Analyze, connect: Connect, shop: Shop, database: Session) -> None:
    connection = analyze(connect(shop))
    assert (connection.analysis_status, connection.analysis_progress) == ("done", 100)
    assert (connection.table_count, connection.analysis_error) == (5, None)
    assert connection.embedding_space == "builtin/multilingual-e5-small-use/512"
    tables = _tables(database)
    assert set(tables) == {"customers", "products", "orders", "order_lines", "open_orders"}
    assert tables["open_orders"].kind == "view"
    assert (tables["orders"].primary_key, tables["customers"].unique_keys) == (["id"], [["email"]])
    assert tables["order_lines"].primary_key == ["order_id", "line"]
    assert not any(table.answers_visitors for table in tables.values())
    orders = _columns(database, tables["orders"])
    assert orders["status"].distinct_values == ["open", "paid", "shipped"]
    assert "open, paid, shipped" in (orders["status"].description or "")
    assert (orders["id"].nullable, orders["total"].nullable) == (False, True)
    if shop.kind != "sqlite":  # which knows no comments
        assert (tables["orders"].comment, tables["orders"].described_by) == ("Orders of the web shop", "comment")
        assert orders["total"].comment == "With tax, in euro"
    assert all(table.embedding_key for table in tables.values())


def test_keeps_nothing_personal(analyze: Analyze, connect: Connect, shop: Shop, database: Session) -> None:
    analyze(connect(shop))
    customers = _columns(database, _tables(database)["customers"])
    assert {name: each.personal for name, each in customers.items() if each.personal} == {
        "full_name": "name",
        "email": "email",
        "phone": "phone",
        "iban": "iban",
    }
    assert "xxx@xxxxxxx.xxx" in customers["email"].samples
    kept = str(
        database.execute(text("SELECT samples, distinct_values, description, search FROM database_columns")).all()
    )
    kept += str(database.execute(text("SELECT description, search FROM database_tables")).all())
    for secret in ("ada@", "lovelace", "7946", "bukb", "hopper"):
        assert secret not in kept.lower()
    assert "London" in kept


def test_relates_tables_as_they_declare_it_and_as_their_values_say(
    analyze: Analyze, connect: Connect, shop: Shop, database: Session
) -> None:
    analyze(connect(shop))
    names = {table.id: table.name for table in _tables(database).values()}
    found = {
        (names[each.table_id], tuple(each.columns), names[each.target_table_id]): (each.evidence, each.confidence)
        for each in all_of(database, DatabaseRelation)
    }
    assert found["orders", ("customer_id",), "customers"] == ("declared", 1.0)
    assert found["order_lines", ("order_id",), "orders"] == ("declared", 1.0)
    evidence, confidence = found["order_lines", ("product_id",), "products"]
    assert (evidence, 0.8 < confidence < 1.0) == ("names and values", True)


def test_looks_again_only_at_what_changed_and_tells_the_drift(
    analyze: Analyze, connect: Connect, shop: Shop, database: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = connect(shop)
    assert analyze(connection_id).drift["since"] is None
    before = _tables(database)
    looked: list[str] = []
    look = database_reading.sample.sample

    def spy(connection: Any, table: Any, dialect: Any) -> Any:
        looked.append(table.name)
        return look(connection, table, dialect)

    monkeypatch.setattr(database_reading.sample, "sample", spy)
    shop.execute(
        "ALTER TABLE products ADD COLUMN weight INTEGER",
        "CREATE TABLE returns (id INTEGER PRIMARY KEY, order_id INTEGER)",
        "DROP VIEW open_orders",
    )
    try:
        connection = analyze(connection_id)
        after = _tables(database)
    finally:
        shop.execute(
            "ALTER TABLE products DROP COLUMN weight",
            "DROP TABLE returns",
            "CREATE VIEW open_orders AS SELECT id, customer_id, total FROM orders WHERE status = 'open'",
        )
        if shop.kind == "postgresql":
            shop.execute(f'GRANT SELECT ON open_orders TO "{shop.reader}"')
    assert sorted(looked) == ["products", "returns"]
    assert after["orders"].updated_at == before["orders"].updated_at
    schema = "" if shop.kind == "sqlite" else f"{before['orders'].schema}."
    assert connection.drift["tables_added"] == [f"{schema}returns"]
    assert connection.drift["tables_removed"] == [f"{schema}open_orders"]
    (changed,) = connection.drift["tables_changed"]
    assert (changed["table"], changed["columns_added"]) == (f"{schema}products", ["weight"])
    assert "open_orders" not in after


def test_leaves_deleted_tables_deleted(
    analyze: Analyze, connect: Connect, shops: dict[str, Shop], reachable: None, database: Session
) -> None:
    connection_id = connect(shops["sqlite"])
    analyze(connection_id)
    change(database, DatabaseTable, _tables(database)["orders"].id, deleted_at=datetime.now(UTC), fingerprint="old")
    connection = analyze(connection_id)
    assert _tables(database)["orders"].deleted_at
    assert connection.table_count == 4


def test_is_queued_once(
    client: FlaskClient, cast: Cast, connect: Connect, shops: dict[str, Shop], reachable: None
) -> None:
    connection_id = connect(shops["sqlite"])
    answer = client.post(f"{URL}/{connection_id}/analyze", headers=cast.alice.headers)
    assert (answer.status_code, answer.json["analysis_status"]) == (202, "queued")


def test_is_refused_while_a_worker_is_at_it(
    client: FlaskClient, cast: Cast, connect: Connect, shops: dict[str, Shop], reachable: None, database: Session
) -> None:
    connection_id = connect(shops["sqlite"])
    change(database, DatabaseConnection, connection_id, analysis_status="running", due_at=_soon())
    answer = client.post(f"{URL}/{connection_id}/analyze", headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "already_analyzing")


def test_several_are_asked_for_at_once(
    client: FlaskClient, cast: Cast, connect: Connect, shops: dict[str, Shop], reachable: None
) -> None:
    wanted = {str(connect(shops["sqlite"])), str(connect(shops["sqlite"], name="Another"))}
    answer = client.post(f"{URL}/analyze", headers=cast.alice.headers)
    assert answer.status_code == 202
    assert {each["id"] for each in answer.json["connections"]} == wanted
    assert {each["analysis_status"] for each in answer.json["connections"]} == {"queued"}
    one = {"connection_ids": [min(wanted)]}
    answer = client.post(f"{URL}/analyze", json=one, headers=cast.alice.headers)
    assert [each["id"] for each in answer.json["connections"]] == [min(wanted)]
    assert client.post(f"{URL}/analyze", json=one, headers=cast.charlie.headers).status_code == 404


def test_goes_on_where_a_dead_worker_was(
    app: Flask,
    analyze: Analyze,
    connect: Connect,
    shops: dict[str, Shop],
    reachable: None,
    database: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection_id = connect(shops["postgresql"])

    class _Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise _Killed

    with monkeypatch.context() as patched:
        patched.setattr(database_reading.database_relations, "store", die)
        with pytest.raises(_Killed):
            analyze(connection_id)
    stuck = now_in(database, DatabaseConnection, connection_id)
    assert (stuck.analysis_status, count(database, DatabaseTable)) == ("running", 5)
    change(database, DatabaseConnection, connection_id, due_at=datetime.now(UTC) - timedelta(seconds=1))
    with app.app_context():
        assert database_analysis.requeue_due(could_tell_for=timedelta(0)) == 1
        database_analysis.analyze(company_id=stuck.company_id, connection_id=connection_id)
    connection = now_in(database, DatabaseConnection, connection_id)
    assert (connection.analysis_status, connection.attempt) == ("done", 2)
    assert count(database, DatabaseRelation) > 0


def test_what_takes_long_to_store_keeps_its_connection(
    app: Flask,
    cast: Cast,
    connect: Connect,
    shops: dict[str, Shop],
    reachable: None,
    database: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Signs of life wait for the row meanwhile."""
    connection_id = connect(shops["sqlite"])
    change(database, DatabaseConnection, connection_id, analysis_status="running", attempt=3)
    began = datetime.now(UTC) - timedelta(seconds=20)
    clock = chain([began], repeat(began + timedelta(seconds=20)))
    monkeypatch.setattr(work_lease, "now", lambda: next(clock))
    with app.app_context():
        with AnalysisLease(cast.acme, connection_id, 3).storing():
            pass
        assert database_analysis.requeue_due(could_tell_for=timedelta(0)) == 0


def test_a_late_worker_stores_nothing(
    analyze: Analyze,
    connect: Connect,
    shops: dict[str, Shop],
    reachable: None,
    database: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection_id = connect(shops["sqlite"])
    read = database_reading.introspect.read

    def meanwhile(*arguments: Any) -> Any:
        change(database, DatabaseConnection, connection_id, attempt=7)
        return read(*arguments)

    monkeypatch.setattr(database_reading.introspect, "read", meanwhile)
    connection = analyze(connection_id)
    assert (connection.attempt, connection.analysis_status) == (7, "running")
    assert count(database, DatabaseTable) == 0


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_says_what_is_wrong_and_tries_later_where_that_helps(
    analyze: Analyze, connect: Connect, shops: dict[str, Shop], reachable: None, database: Session, kind: str
) -> None:
    shop = shops[kind]
    connection_id = connect(shop)
    change(database, DatabaseConnection, connection_id, url=shop.with_(port="1"))
    connection = analyze(connection_id)
    assert (connection.analysis_status, connection.analysis_error_code) == ("queued", "database_host")
    assert connection.due_at and connection.due_at > datetime.now(UTC) + timedelta(seconds=20)
    change(database, DatabaseConnection, connection_id, url=shop.with_(password="wrong"))
    connection = analyze(connection_id)
    assert (connection.analysis_status, connection.analysis_error_code) == ("error", "database_credentials")


def test_a_table_that_cannot_be_read_does_not_keep_the_others_from_being_so(
    analyze: Analyze, connect: Connect, shops: dict[str, Shop], reachable: None, database: Session
) -> None:
    shop = shops["postgresql"]
    shop.execute(
        "CREATE VIEW broken AS SELECT 1 / 0 AS nothing",
        f'GRANT SELECT ON broken TO "{shop.reader}"',
        "CREATE TABLE hidden (id integer)",
        f'REVOKE SELECT ON hidden FROM "{shop.reader}"',
    )
    try:
        connection = analyze(connect(shop))
    finally:
        shop.execute("DROP VIEW broken", "DROP TABLE hidden")
    tables = _tables(database)
    assert connection.analysis_status == "done"
    assert "broken" in tables and "hidden" not in tables
    assert _columns(database, tables["orders"])["status"].distinct_values


def test_a_deleted_connection_is_not_analysed(
    client: FlaskClient, cast: Cast, connect: Connect, shops: dict[str, Shop], reachable: None, database: Session
) -> None:
    connection_id = connect(shops["sqlite"])
    assert client.delete(f"{URL}/{connection_id}", headers=cast.alice.headers).status_code == 204
    assert client.post(f"{URL}/{connection_id}/analyze", headers=cast.alice.headers).status_code == 404


def test_an_unknown_one_and_bad_input(
    client: FlaskClient, cast: Cast, connect: Connect, shops: Any, reachable: None
) -> None:
    connection_id = connect(shops["sqlite"])
    path = f"{URL}/{connection_id}/analyze"
    assert client.post(path).status_code == 401
    assert client.post(path, headers=cast.key(cast.alice, "read")).status_code == 403
    assert client.post(path, headers=cast.charlie.headers).status_code == 404
    assert client.post(f"{URL}/analyze", json={"connection_ids": []}, headers=cast.alice.headers).status_code == 422


def test_vectors_go_with_their_texts(
    analyze: Analyze, connect: Connect, shops: dict[str, Shop], reachable: None, database: Session
) -> None:
    connection_id = connect(shops["sqlite"])
    analyze(connection_id)
    keys = {each.embedding_key for each in all_of(database, DatabaseColumn)}
    keys |= {each.embedding_key for each in _tables(database).values()}
    stored = set(database.scalars(text("SELECT key FROM database_embeddings")))
    assert keys == stored
    # `id`, `order_id`, … once, however many columns are called so.
    assert count(database, DatabaseEmbedding, DatabaseEmbedding.connection_id == connection_id) < count(
        database, DatabaseColumn
    ) + len(_tables(database))


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)
