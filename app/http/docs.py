"""`/openapi.json` and `/docs`, which needs no internet: its browser side comes from a wheel."""

from html import escape
from pathlib import Path

import swagger_ui_bundle
from flask import Flask, Response, current_app, redirect, request, send_from_directory
from werkzeug.exceptions import NotFound

from app.errors import AppError
from app.http import webhook_events
from app.http.api import api_of
from app.http.json import dumps
from app.http.rate_limits import Category
from app.http.requires import public

_ASSETS = Path(str(swagger_ui_bundle.swagger_ui_path))
_SERVED = {"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Frontdesk API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  showExtensions: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""


def error_page() -> str:
    """A page that lists every error code with its meaning; problem documents point to it."""
    rows = "".join(
        f'<h2 id="{escape(family.code)}">{escape(family.code)}</h2><p>{family.status} {escape(family.title)}. '
        f"{escape(family.detail)}</p>"
        for family in sorted(_families(AppError), key=lambda family: (family.status, family.code))
    )
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Frontdesk errors</title><h1>Errors</h1>{rows}'


def _families(base: type[AppError]) -> list[type[AppError]]:
    below = [each for child in base.__subclasses__() for each in _families(child)]
    return list({family.code: family for family in [*below, base]}.values())


def register(app: Flask) -> None:
    """Adds the document and its page to the application."""
    app.add_url_rule("/", "home", _home)
    app.add_url_rule("/openapi.json", "openapi_document", _document)
    app.add_url_rule("/docs", "docs_page", _page)
    app.add_url_rule("/docs/start.js", "docs_start", _start)
    app.add_url_rule("/docs/errors", "docs_errors", _errors)
    app.add_url_rule("/docs/<path:name>", "docs_asset", _asset)


@public(category=Category.UNLIMITED)
def _home() -> Response:
    return redirect("/docs")  # type: ignore[return-value]


@public(category=Category.UNLIMITED)
def _document() -> Response:
    cached: Response | None = current_app.extensions.get("openapi_document")
    if cached is None:
        document = {**api_of(current_app).spec.to_dict(), "x-webhooks": webhook_events.document()}
        cached = Response(dumps(document), content_type="application/json")
        cached.add_etag()
        current_app.extensions["openapi_document"] = cached
    response = Response(cached.get_data(), content_type="application/json")
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(cached.get_etag()[0] or "")
    response.make_conditional(request)
    return response


@public(category=Category.UNLIMITED)
def _page() -> Response:
    return Response(_PAGE, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})


@public(category=Category.UNLIMITED)
def _start() -> Response:
    return Response(_START, content_type="text/javascript; charset=utf-8")


@public(category=Category.UNLIMITED)
def _errors() -> Response:
    return Response(error_page(), content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})


@public(category=Category.UNLIMITED)
def _asset(name: str) -> Response:
    if name not in _SERVED:
        raise NotFound
    return send_from_directory(_ASSETS, name, max_age=86_400)
