"""What the tests of customers' databases share."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.config import Settings
from app.models.agent import Agent
from app.models.database_connection import DatabaseConnection
from app.services import database_analysis
from tests.cast import Cast
from tests.database.mariadb import MariaDb
from tests.database.servers import Shop, mariadb_shop, postgres_shop, sqlite_shop
from tests.local_model import place_model
from tests.rows import now_in

Connect = Callable[..., UUID]
Analyze = Callable[[UUID], DatabaseConnection]


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """A MariaDB server of this test process."""
    folder = Path(tempfile.mkdtemp(prefix="fd-mariadb-"))
    with MariaDb(folder / "mariadb", "owner-of-tests") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def postgres_url(worker_id: str) -> Iterator[Shop]:
    """The shop on Postgres, for the tests of one file."""
    shop, drop = postgres_shop(os.environ["TEST_DATABASE_URL"], f"customer_{worker_id}")
    yield shop
    drop()


@pytest.fixture(scope="module")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator's folder of SQLite files."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def shops(postgres_url: Shop, mariadb: MariaDb, sqlite_folder: Path) -> dict[str, Shop]:
    """The shop on every kind of server."""
    return {
        "postgresql": postgres_url,
        "mysql": mariadb_shop(mariadb, "customer_shop"),
        "sqlite": sqlite_shop(sqlite_folder),
    }


@pytest.fixture(params=["postgresql", "mysql", "sqlite"])
def shop(request: pytest.FixtureRequest, shops: dict[str, Shop], reachable: None) -> Shop:
    """The shop on one kind of server after the other."""
    return shops[request.param]


@pytest.fixture
def reachable(with_settings: Callable[..., None], sqlite_folder: Path) -> None:
    """The operator allows connections to this machine, and SQLite files."""
    with_settings(allowed_networks=("127.0.0.0/8",), database_files_dir=str(sqlite_folder))


@pytest.fixture
def agent(database: Session, cast: Cast) -> UUID:
    """Acme's agent."""
    row = Agent(company_id=cast.acme, name="Ronda")
    database.add(row)
    database.commit()
    return row.id


@pytest.fixture
def body(agent: UUID) -> Callable[..., dict[str, Any]]:
    """The body of a new connection: `body(shop, name="Other")`."""

    def make(shop: Shop, **values: Any) -> dict[str, Any]:
        given = {"name": "Shop", "url": shop.url, "database_type": shop.kind, "agent_id": str(agent)}
        return {**given, **values}

    return make


@pytest.fixture
def connect(client: FlaskClient, cast: Cast, body: Callable[..., dict[str, Any]]) -> Connect:
    """Stores a connection as Alice: `connect(shop)`; returns its id."""

    def post(shop: Shop, **values: Any) -> UUID:
        answer = client.post("/v1/database-connection", json=body(shop, **values), headers=cast.alice.headers)
        assert answer.status_code == 201, answer.json
        return UUID(answer.json["id"])

    return post


@pytest.fixture(scope="session")
def model(app: Flask, settings: Settings, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The builtin embedding model, where the application looks for it."""
    place_model(settings, worker_id, tmp_path_factory)


@pytest.fixture
def analyze(app: Flask, client: FlaskClient, cast: Cast, database: Session, model: None) -> Analyze:
    """Asks for an analysis as Alice and does the worker's task; returns the connection as it is then."""

    def run(connection_id: UUID) -> DatabaseConnection:
        path = f"/v1/database-connection/{connection_id}/analyze"
        assert client.post(path, headers=cast.alice.headers).status_code == 202
        with app.app_context():
            database_analysis.analyze(company_id=cast.acme, connection_id=connection_id)
        return now_in(database, DatabaseConnection, connection_id)

    return run
