"""GET /widget/assets/<version>/<name>: what the panel's page loads."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.http import widget


def test_serves_what_never_changes_for_ever(client: FlaskClient, sources: Path) -> None:
    version = widget.widget_files.bundle().version
    for name, content, kind in (
        ("panel.js", "(()=>{const e=()=>{};e()})()", "text/javascript; charset=utf-8"),
        ("panel.css", "body{color:red}", "text/css; charset=utf-8"),
    ):
        answer = client.get(f"/widget/assets/{version}/{name}")
        assert (answer.status_code, answer.content_type) == (200, kind)
        assert answer.get_data(as_text=True) == content
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_another_version_gets_the_present_file_and_asks_again(client: FlaskClient, sources: Path) -> None:
    before = widget.widget_files.bundle().version
    (sources / "panel" / "talk.js").write_text("export const a = () => 2;")
    assert widget.widget_files.bundle().version != before
    answer = client.get(f"/widget/assets/{before}/panel.js")
    assert (answer.get_data(as_text=True), answer.headers["Cache-Control"]) == (
        "(()=>{const e=()=>2;e()})()",
        "no-cache",
    )


@pytest.mark.parametrize(
    "name", ["nothing.js", "talk.js", "loader.js", "..%2floader.js", "../loader.js", "en.json", "%00", ".", "panel.js/"]
)
def test_serves_no_other_file(client: FlaskClient, sources: Path, name: str) -> None:
    version = widget.widget_files.bundle().version
    assert client.get(f"/widget/assets/{version}/{name}").status_code == 404
