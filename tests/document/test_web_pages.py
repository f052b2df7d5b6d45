"""Documents that are fetched from their address."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.chunk import Chunk
from app.models.document import Document
from tests.cast import Cast
from tests.document.conftest import Process
from tests.rows import all_of, now_in

PAGE = """<!doctype html><html lang="en"><head><title>Returns at Acme</title></head><body><main><h1>Returns</h1>
<p>Send it back within {days} days. The parcel label is in the box, and we pay for the way back to our store.</p>
<p>The money is on your account five working days after we have received the parcel, whatever you paid with.</p>
</main></body></html>"""

# Slow on purpose: each page is read in a process of its own, and its passages are embedded on the CPU.
pytestmark = pytest.mark.slow


class Site:
    """A web site that answers whatever a test puts there."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.status = 200
        self.content = PAGE.format(days=30).encode()
        self.content_type = "text/html; charset=utf-8"


@pytest.fixture
def site(with_settings: Callable[..., None]) -> Iterator[Site]:
    """A site on this machine, which may be called."""
    with_settings(allowed_networks=("127.0.0.0/8",))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(site.status)
            self.send_header("Content-Type", site.content_type)
            self.send_header("Content-Length", str(len(site.content)))
            self.end_headers()
            self.wfile.write(site.content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        site = Site(f"http://127.0.0.1:{server.server_port}/returns")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield site
        server.shutdown()
        thread.join()


@pytest.fixture
def page(client: FlaskClient, cast: Cast, agent: UUID) -> Callable[[str], UUID]:
    """Names an address as Alice."""

    def name(url: str) -> UUID:
        body = {"agent_id": str(agent), "url": url}
        answer = client.post("/v1/document/upload", json=body, headers=cast.alice.headers)
        return UUID(answer.json["documents"][0]["id"])

    return name


def test_fetches_a_page(
    client: FlaskClient, database: Session, cast: Cast, site: Site, page: Callable[[str], UUID], process: Process
) -> None:
    document = process(page(site.address))
    assert (document.status, document.error) == ("processed", None)
    assert (document.title, document.kind, document.content_type) == ("Returns at Acme", "html", "text/html")
    assert (document.size_bytes, document.url) == (len(site.content), site.address)
    assert "within 30 days" in all_of(database, Chunk)[0].text
    answer = client.get(f"/v1/document/{document.id}/download", headers=cast.alice.headers)
    assert answer.data == site.content


def test_fetches_it_again_when_it_is_processed_again(
    client: FlaskClient, database: Session, cast: Cast, site: Site, page: Callable[[str], UUID], process: Process
) -> None:
    document = process(page(site.address))
    first = document.content_hash
    site.content = PAGE.format(days=90).encode()
    client.post(f"/v1/document/{document.id}/process", headers=cast.alice.headers)
    again = process(document.id)
    assert (again.content_hash != first, again.generation) == (True, 2)
    assert "within 90 days" in all_of(database, Chunk)[0].text


def test_keeps_what_it_had_when_the_page_is_gone(
    client: FlaskClient, database: Session, cast: Cast, site: Site, page: Callable[[str], UUID], process: Process
) -> None:
    document = process(page(site.address))
    site.status = 404
    client.post(f"/v1/document/{document.id}/process", headers=cast.alice.headers)
    again = process(document.id)
    assert (again.status, again.error_code, again.generation) == ("error", "fetch_http_status", 1)
    assert len(all_of(database, Chunk)) == document.chunk_count > 0
    assert again.chunk_count == document.chunk_count


def test_tries_again_later_when_the_site_is_down(site: Site, page: Callable[[str], UUID], process: Process) -> None:
    site.status = 503
    document = process(page(site.address))
    assert (document.status, document.error_code) == ("uploaded", "fetch_http_status")
    site.status = 200
    assert process(document.id).status == "processed"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:9/", "fetch_blocked_address"),
        ("http://169.254.169.254/latest/meta-data", "fetch_blocked_address"),
        ("http://[::1]/", "fetch_blocked_address"),
    ],
)
def test_never_calls_our_own_network(page: Callable[[str], UUID], process: Process, url: str, code: str) -> None:
    document = process(page(url))
    assert (document.status, document.error_code, document.stage) == ("error", code, "fetching")


def test_a_file_behind_an_address_is_read_as_what_it_is(
    database: Session, site: Site, page: Callable[[str], UUID], process: Process
) -> None:
    site.content, site.content_type = b"name;price\nbell;4\nlock;9\nlamp;19\n", "text/csv"
    document = process(page(site.address))
    assert (document.kind, now_in(database, Document, document.id).status) == ("csv", "processed")
