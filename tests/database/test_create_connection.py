"""POST /v1/database-connection, to real servers."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry
from app.models.database_connection import DatabaseConnection
from tests.cast import Cast
from tests.database.servers import PASSWORD, Shop
from tests.rows import all_of, audited, count

Body = Callable[..., dict[str, Any]]
URL = "/v1/database-connection"


@pytest.fixture
def post(client: FlaskClient, cast: Cast) -> Any:
    """Creates a connection as Alice; nothing that is answered may hold the password."""

    def send(body: dict[str, Any]) -> Any:
        answer = client.post(URL, json=body, headers=cast.alice.headers)
        assert PASSWORD not in answer.text
        return answer

    return send


def test_tries_it_out_and_stores_it(post: Any, body: Body, shop: Shop, database: Session, cast: Cast) -> None:
    answer = post(body(shop))
    assert answer.status_code == 201
    shown = answer.json
    assert (shown["status"], shown["error"], shown["analysis_status"]) == ("connected", None, "none")
    assert shown["database_type"] == shop.kind
    assert shown["server_version"]
    assert answer.headers["Location"] == f"{URL}/{shown['id']}"
    (stored,) = all_of(database, DatabaseConnection)
    assert (stored.url, stored.company_id, stored.created_by) == (shop.url, cast.acme, cast.alice.id)


def test_encrypts_the_url_and_tells_it_to_nobody(
    post: Any, body: Body, shops: dict[str, Shop], reachable: None, database: Session, caplog: pytest.LogCaptureFixture
) -> None:
    shop = shops["postgresql"]
    shown = post(body(shop)).json
    assert shown["url"] == shop.url.replace(PASSWORD, "***")
    stored = database.execute(text("SELECT url FROM database_connections")).scalar_one()
    assert "postgresql" not in stored
    entry = audited(database, "database_connection_created")
    assert "postgresql://" not in f"{entry.before} {entry.after}"
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"password": "wrong"}, "database_credentials"),
        ({"user": "nobody_at_all"}, "database_credentials"),
        ({"database": "nothing_here"}, "database_database"),
        ({"port": "1"}, "database_host"),
        ({"host": "no-such-host.invalid"}, "database_host"),
    ],
)
def test_says_what_failed(
    post: Any, body: Body, shops: dict[str, Shop], reachable: None, kind: str, parts: dict[str, str], code: str
) -> None:
    if kind == "mysql" and "database" in parts:
        code = "database_permission"  # MariaDB tells those who may see nothing that they may not, whether it is there
    answer = post(body(shops[kind], url=shops[kind].with_(**parts)))
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert answer.json["errors"]["url"] == [answer.json["detail"]]


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_insists_on_encryption_when_it_is_asked_to(
    post: Any, body: Body, shops: dict[str, Shop], reachable: None, kind: str
) -> None:
    answer = post(body(shops[kind], connection_params={"tls": "require"}))
    assert (answer.status_code, answer.json["code"]) == (422, "database_tls")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    taken.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for each in taken:
            each.close()


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_does_not_wait_for_a_server_that_says_nothing(
    post: Any,
    body: Body,
    shops: dict[str, Shop],
    sqlite_folder: Any,
    with_settings: Callable[..., None],
    silent_port: int,
    kind: str,
) -> None:
    with_settings(allowed_networks=("127.0.0.0/8",), database_test_seconds=1.0)
    answer = post(body(shops[kind], url=shops[kind].with_(port=str(silent_port))))
    assert (answer.status_code, answer.json["code"]) == (422, "database_host")


def test_refuses_this_machine_unless_the_operator_allows_it(post: Any, body: Body, shops: dict[str, Shop]) -> None:
    answer = post(body(shops["postgresql"]))
    assert (answer.status_code, answer.json["code"]) == (422, "database_host")
    assert "ALLOWED_NETWORKS" in answer.json["detail"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///shop",
        "postgresql://u:p@/shop?host=/var/run/postgresql",
        "postgresql://u:p@db.example/shop?host=10.0.0.1",
        "postgresql://u:p@db.example/shop?hostaddr=10.0.0.1",
        "postgresql://u:p@db.example/shop?service=prod",
        "postgresql://u:p@db.example/shop?passfile=/etc/passwd",
        "postgresql://u:p@db.example/shop?sslkey=/etc/ssl/private/key.pem",
        "postgresql://u:p@db.example/shop?sslrootcert=/etc/passwd",
        "postgresql://u:p@db.example/shop?options=-c%20default_transaction_read_only=off",
        "postgresql://u:p@%2Fvar%2Frun%2Fpostgresql/shop",
        "postgresql://u:p@a.example,b.example/shop",
        "postgresql://u:p@db.example/",
        "mysql://u:p@db.example/shop?unix_socket=/run/mysqld/mysqld.sock",
        "mysql://u:p@db.example/shop?read_default_file=/etc/my.cnf",
        "mysql://u:p@db.example/shop?local_infile=1",
        "mysql://u:p@db.example/shop?ssl_ca=/etc/passwd",
        "mysql://u:p@db.example/shop?init_command=DROP%20TABLE%20x",
        "mssql+pyodbc://u:p@db.example/shop?odbc_connect=x",
        "nonsense",
    ],
)
def test_refuses_urls_that_lead_elsewhere(post: Any, body: Body, shops: dict[str, Shop], url: str) -> None:
    answer = post(body(shops["sqlite"], url=url, database_type=url.partition(":")[0].partition("+")[0]))
    assert (answer.status_code, answer.json["code"]) == (422, "database_url")


@pytest.mark.parametrize(
    "name", ["../outside.db", "/etc/passwd", "link.db", ":memory:", "", "file:shop.db?mode=rw", "other/shop.db"]
)
def test_opens_sqlite_files_of_the_folder_alone(
    post: Any, body: Body, shops: dict[str, Shop], reachable: None, sqlite_folder: Any, name: str
) -> None:
    outside = sqlite_folder.parent / "outside.db"
    (sqlite_folder / "other").mkdir(exist_ok=True)
    for path in (outside, sqlite_folder / "other" / "shop.db"):
        path.write_bytes((sqlite_folder / "shop.db").read_bytes())
    link = sqlite_folder / "link.db"
    if not link.is_symlink():
        link.symlink_to(outside)
    answer = post(body(shops["sqlite"], url=f"sqlite:///{name}"))
    assert (answer.status_code, answer.json["code"]) == (422, "database_url")


def test_opens_a_file_in_the_companys_own_folder(
    post: Any, body: Body, shops: dict[str, Shop], reachable: None, sqlite_folder: Any, cast: Cast
) -> None:
    own = sqlite_folder / str(cast.acme)
    own.mkdir()
    (own / "mine.db").write_bytes((sqlite_folder / "shop.db").read_bytes())
    assert post(body(shops["sqlite"], url=f"sqlite:///{cast.acme}/mine.db")).status_code == 201


def test_opens_no_sqlite_file_unless_there_is_a_folder(post: Any, body: Body, shops: dict[str, Shop]) -> None:
    answer = post(body(shops["sqlite"]))
    assert (answer.status_code, answer.json["code"]) == (422, "database_url")


def test_says_that_a_driver_is_missing(post: Any, body: Body, shops: dict[str, Shop], reachable: None) -> None:
    url = "oracle://u:p@127.0.0.1/shop"
    answer = post(body(shops["sqlite"], url=url, database_type="oracle"))
    assert (answer.status_code, answer.json["code"]) == (422, "database_driver")


def test_refuses_a_type_that_is_not_the_urls(post: Any, body: Body, shops: dict[str, Shop]) -> None:
    answer = post(body(shops["postgresql"], database_type="mysql"))
    assert answer.status_code == 422
    assert "database_type" in answer.json["errors"]


def test_stores_nothing_that_does_not_work(
    post: Any, body: Body, shops: dict[str, Shop], reachable: None, database: Session
) -> None:
    post(body(shops["postgresql"], url=shops["postgresql"].with_(password="wrong")))
    assert count(database, DatabaseConnection) == 0
    assert count(database, AuditEntry, AuditEntry.event_type == "database_connection_created") == 0


def test_needs_a_credential_with_the_scope_write(client: FlaskClient, cast: Cast) -> None:
    assert client.post(URL, json={}).status_code == 401
    assert client.post(URL, json={}, headers=cast.key(cast.alice, "read")).status_code == 403


def test_an_agent_of_another_company_is_not_there(
    post: Any, body: Body, shops: dict[str, Shop], reachable: None, cast: Cast, client: FlaskClient
) -> None:
    answer = client.post(URL, json=body(shops["postgresql"]), headers=cast.charlie.headers)
    assert (answer.status_code, answer.json["code"]) == (404, "resource_not_found")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"url": None},
        {"connection_params": {"sslkey": "/etc/key.pem"}},
        {"connection_params": {"tls": "maybe"}},
        {"agent_id": "one"},
        {"colour": "blue"},
    ],
)
def test_refuses_bad_input(post: Any, body: Body, shops: dict[str, Shop], wrong: dict[str, Any]) -> None:
    answer = post(body(shops["sqlite"], **wrong))
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")


def test_nothing_can_be_written_through_a_connection(
    connect: Callable[..., UUID], shop: Shop, app: Any, database: Session
) -> None:
    from app.services import database_access
    from app.textsql.failures import DatabaseFailed

    stored = database.get(DatabaseConnection, connect(shop))
    assert stored is not None
    writes = ["INSERT INTO products VALUES (9, 'x', 'x', 'x', 1)", "CREATE TABLE planted (id INTEGER)"]
    for statement in writes:
        with app.app_context(), pytest.raises(DatabaseFailed), database_access.opened(stored) as opened:
            opened.exec_driver_sql(statement)


def test_is_created_once_for_an_idempotency_key(
    client: FlaskClient, cast: Cast, body: Body, shops: dict[str, Shop], reachable: None, database: Session
) -> None:
    headers = {**cast.alice.headers, "Idempotency-Key": "shop-1"}
    wanted = body(shops["sqlite"])
    refused = client.post(URL, json={**wanted, "database_type": "mysql"}, headers=headers)
    assert refused.status_code == 422  # which leaves the key free
    first, second = (client.post(URL, json=wanted, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code, first.json) == (201, 201, second.json)
    assert second.headers["Idempotent-Replay"] == "true"
    assert count(database, DatabaseConnection) == 1
    other = client.post(URL, json={**wanted, "name": "Other"}, headers=headers)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")


def test_waits_for_the_first_answer_under_a_key(
    client: FlaskClient,
    cast: Cast,
    body: Body,
    shops: dict[str, Shop],
    reachable: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from app.services import database_connections

    headers = {**cast.alice.headers, "Idempotency-Key": "shop-2"}
    test, meanwhile = database_connections.database_access.test, []

    def slow(*arguments: Any) -> Any:
        if not meanwhile:
            meanwhile.append(None)
            meanwhile.append(client.post(URL, json=body(shops["sqlite"]), headers=headers))
        return test(*arguments)

    monkeypatch.setattr(database_connections.database_access, "test", slow)
    assert client.post(URL, json=body(shops["sqlite"]), headers=headers).status_code == 201
    assert (meanwhile[1].status_code, meanwhile[1].json["code"]) == (409, "idempotency_key_in_use")
