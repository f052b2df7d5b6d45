"""The demo company's site: a page as any shop might have it, with the widget on it."""

from functools import cache
from pathlib import Path

from flask import Flask, Response, send_from_directory
from werkzeug.exceptions import NotFound as NothingThere

from app.core.settings import PROJECT
from app.errors import NotFound
from app.http.rate_limits import Category
from app.http.requires import public
from app.services import demo

_SITE = PROJECT / "app" / "demo" / "site"
_SERVED = {"shop.css", "shop.js", "icon.svg"}
# As a careful site's: nothing inline, and the widget's script and frame by their origin, which is ours.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def register(app: Flask) -> None:
    """Adds the site to the application. Without the demo company there is nothing at its address."""
    app.add_url_rule("/demo", "demo_page", _page)
    app.add_url_rule("/demo/assets/<name>", "demo_asset", _asset)


@public()
def _page() -> Response:
    agent_id = demo.find_agent()
    if agent_id is None:
        raise NotFound("This installation has no demo company.")
    html = _template(_SITE / "index.html").replace("{agent_id}", str(agent_id))
    return Response(html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})


@public(category=Category.UNLIMITED)
def _asset(name: str) -> Response:
    if name not in _SERVED:
        raise NothingThere
    return send_from_directory(_SITE, name, max_age=300)


@cache
def _template(path: Path) -> str:
    return path.read_text("utf-8")
