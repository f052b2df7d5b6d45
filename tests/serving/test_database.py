"""A query that waits stops one client, not all of them."""

import threading
import time
from collections.abc import Iterator

import pytest
from gunicorn_server import GunicornServer

postgres = pytest.importorskip("launcher.postgres")

pytestmark = pytest.mark.slow  # a Postgres is started


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("postgres") / "data"
    with postgres.EmbeddedPostgres(folder, "secret", settings={"fsync": "off"}) as running:
        yield running.url()


@pytest.fixture(scope="module")
def server(mode: str, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GunicornServer]:
    log = tmp_path_factory.mktemp("server") / "gunicorn.log"
    with GunicornServer(mode, log, PROBE_DATABASE_URL=database_url) as running:
        yield running


def test_queries_do_not_block_others(server: GunicornServer) -> None:
    server.get("/database?seconds=0")  # the driver is imported
    queries = [threading.Thread(target=server.get, args=("/database?seconds=1",)) for _ in range(5)]
    started = time.monotonic()
    for query in queries:
        query.start()
    time.sleep(0.1)
    assert server.get("/quick") == b"ok"
    assert time.monotonic() - started < 0.8
    for query in queries:
        query.join()
    assert time.monotonic() - started < 3
