"""The widget as browsers get it: the script that sites include, the page in its frame, and that page's parts."""

import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any
from uuid import UUID

from flask import Flask, Response, g, request
from werkzeug.exceptions import NotFound as NothingThere

from app.errors import NotFound
from app.http.compressed import compressed
from app.http.json import dumps
from app.http.rate_limits import Category
from app.http.requires import public
from app.integrations.widget_files import ENTRY, GONE, Bundle, ServedFile, encode, widget_files
from app.services import widget_panel
from app.services.widget_panel import DEFAULT_LANGUAGE, Panel

_HTML = "text/html; charset=utf-8"
# Any site may include these; none of them depends on who asks.
_FOR_ANY_SITE = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Timing-Allow-Origin": "*",
}
_UNSAFE = str.maketrans({each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"})
_PAGE = """<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">\
<meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content">\
<title>{title}</title>{head}</head><body>{body}</body></html>"""
_GONE = {
    "ar": ("غير متاح", "هذه الدردشة غير متاحة حاليًا."),
    "de": ("Nicht verfügbar", "Dieser Chat ist gerade nicht verfügbar."),
    "en": ("Not available", "This chat is not available at the moment."),
    "es": ("No disponible", "Este chat no está disponible en este momento."),
    "fr": ("Indisponible", "Ce chat n’est pas disponible pour le moment."),
    "hi": ("उपलब्ध नहीं", "यह चैट अभी उपलब्ध नहीं है।"),
    "pt": ("Indisponível", "Este chat não está disponível no momento."),
    "zh": ("无法使用", "此聊天目前无法使用。"),
}


def register(app: Flask) -> None:
    """Adds the panel's page and its parts to the application."""
    app.add_url_rule("/widget/panel/<uuid:agent_id>", "widget_panel", _panel)
    app.add_url_rule("/widget/assets/<version>/<name>", "widget_asset", _asset)


def loader() -> Response:
    """`/widget.js`. Its address never changes, so it is asked for again every five minutes."""
    served = widget_files.bundle().loader
    if served is None:
        raise NothingThere
    return _file(served, "public, max-age=300, stale-while-revalidate=86400")


@public(category=Category.UNLIMITED)
def _asset(version: str, name: str) -> Response:
    bundle = widget_files.bundle()
    served = bundle.panel.get(name)
    if served is None:
        raise NothingThere
    # While a new version is rolled out a page may ask an old process for new files, or the other way round.
    current = version == bundle.version
    return _file(served, "public, max-age=31536000, immutable" if current else "no-cache")


@public(category=Category.VISITORS)
def _panel(agent_id: UUID) -> Response:
    g.frameable = True
    wanted = request.args.get("lang", "")[:35]
    bundle = widget_files.bundle()
    try:
        panel = widget_panel.open_panel(agent_id, wanted)
    except NotFound:
        return _page(_gone_page(bundle, wanted), policy(None), status=404)
    return _page(_panel_page(bundle, panel), policy(panel))


def policy(panel: Panel | None) -> str:
    """The Content-Security-Policy of the panel's page."""
    images = " ".join(["'self'", *([panel.image_origin] if panel and panel.image_origin else [])])
    parts = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src {images}",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        *([f"frame-ancestors {' '.join(panel.embedders)}"] if panel and panel.embedders else []),
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    return "; ".join(parts)


def script_json(value: Any) -> str:
    """JSON that can stand in a `<script>` of a page: nothing in it ends the element or begins another."""
    return dumps(value).translate(_UNSAFE)


def _panel_page(bundle: Bundle, panel: Panel) -> str:
    config = f'<script type="application/json" id="config">{script_json(panel.config)}</script>'
    return _PAGE.format(
        language=panel.language,
        direction=panel.direction,
        title=escape(panel.title),
        head=_styles(bundle) + _script(bundle, ENTRY),
        body=config,
    )


def _gone_page(bundle: Bundle, wanted: str) -> str:
    language = widget_panel.look_up(wanted, _GONE) or DEFAULT_LANGUAGE
    title, text = _GONE[language]
    return _PAGE.format(
        language=language,
        direction=widget_panel.direction_of(language),
        title=title,
        head=_styles(bundle) + (_script(bundle, GONE) if GONE in bundle.panel else ""),
        body=f'<main id="gone"><h1>{text}</h1></main>',
    )


def _styles(bundle: Bundle) -> str:
    return "".join(f'<link rel="stylesheet" href="{_address(bundle, name)}">' for name in bundle.styles)


def _script(bundle: Bundle, name: str) -> str:
    return f'<script type="module" src="{_address(bundle, name)}"></script>'


def _address(bundle: Bundle, name: str) -> str:
    return f"/widget/assets/{bundle.version}/{name}"


def _page(html: str, content_security_policy: str, *, status: int = 200) -> Response:
    content = html.encode()
    return compressed(
        content,
        encode(content, best=False),
        content_type=_HTML,
        etag=hashlib.sha256(content).hexdigest()[:32],
        cache="no-cache",
        status=status,
        headers={"Content-Security-Policy": content_security_policy},
    )


def _file(served: ServedFile, cache: str, headers: Mapping[str, str] = _FOR_ANY_SITE) -> Response:
    return compressed(
        served.content,
        served.encoded,
        content_type=served.content_type,
        etag=served.etag,
        cache=cache,
        headers=headers,
    )
