"""GET /widget.js, which every visitor of every customer's site loads."""

import gzip
from pathlib import Path

import brotli
import pytest
from flask.testing import FlaskClient


def test_serves_the_script_to_any_site(client: FlaskClient, sources: Path) -> None:
    answer = client.get("/widget.js")
    assert (answer.status_code, answer.content_type) == (200, "text/javascript; charset=utf-8")
    assert answer.get_data(as_text=True) == "(()=>{window.Frontdesk={open(){}}})()"
    assert answer.headers["Cache-Control"] == "public, max-age=300, stale-while-revalidate=86400"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Timing-Allow-Origin"] == "*"
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("taken", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_is_compressed_as_the_caller_takes_it(
    client: FlaskClient, sources: Path, taken: str, coding: str | None
) -> None:
    plain = client.get("/widget.js").get_data()
    answer = client.get("/widget.js", headers={"Accept-Encoding": taken})
    assert answer.headers.get("Content-Encoding") == coding
    body = answer.get_data()
    assert {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding](body) == plain
    assert answer.content_length == len(body)


def test_is_sent_once(client: FlaskClient, sources: Path) -> None:
    first = client.get("/widget.js", headers={"Accept-Encoding": "br"})
    known = {"If-None-Match": first.headers["ETag"], "Accept-Encoding": "gzip"}
    again = client.get("/widget.js", headers=known)
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    (sources / "loader.js").write_text("changed()")
    assert client.get("/widget.js", headers=known).get_data() != b""


def test_takes_no_other_method(client: FlaskClient, sources: Path) -> None:
    assert client.post("/widget.js").status_code == 405
