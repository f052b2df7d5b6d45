"""GET /widget/panel/<agent_id>: the page in the widget's frame."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.http import widget
from app.models.agent import Agent
from tests.cast import Cast
from tests.rows import change

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


def fetch(client: FlaskClient, agent: Agent, query: str = "", **headers: str) -> TestResponse:
    return client.get(f"/widget/panel/{agent.id}{query}", headers=headers)


def config_of(answer: TestResponse) -> dict[str, Any]:
    """What is inlined in the page."""
    found = re.search(
        r'<script type="application/json" id="config">(.*?)</script>', answer.get_data(as_text=True), re.DOTALL
    )
    assert found
    config: dict[str, Any] = json.loads(found[1])
    return config


def test_is_a_page_that_any_site_may_frame(client: FlaskClient, sources: Path, ronda: Agent) -> None:
    answer = fetch(client, ronda)
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    assert answer.headers.getlist("Content-Security-Policy") == [POLICY]
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_loads_everything_from_here_at_once(client: FlaskClient, sources: Path, ronda: Agent) -> None:
    page = fetch(client, ronda).get_data(as_text=True)
    folder = f"/widget/assets/{widget.widget_files.bundle().version}"
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == [
        f"{folder}/panel.css",
        f"{folder}/panel.js",
    ]
    assert page.startswith('<!doctype html><html lang="es" dir="ltr"><head><meta charset="utf-8">')
    assert "<title>Ronda</title>" in page


def test_begins_with_its_configuration(client: FlaskClient, sources: Path, ronda: Agent) -> None:
    assert config_of(fetch(client, ronda)) == {
        "version": 1,
        "agent": {"id": str(ronda.id), "name": "Ronda", "avatar_url": None, "online": True},
        "language": "es",
        "dir": "ltr",
        "strings": {"send": "Enviar"},
        "look": {"primary_color": "#0f766e", "color_scheme": "auto", "position": None},
        "texts": {"greeting": "Hi!"},
        "consent": {"version": None, "privacy_url": None, "data_processing": "ask", "marketing": "ask"},
        "fields": {"phone": "optional"},
        "contact": {"email": None, "phone": None, "url": None},
        "limits": {"message_characters": 8000},
        "handover": False,
        "identify": False,
    }


@pytest.mark.parametrize(
    ("wanted", "language", "direction"),
    [
        ("es-MX", "es", "ltr"),
        ("EN-gb", "en", "ltr"),
        ("zh-Hant-TW", "zh", "ltr"),
        ("ar-EG", "ar", "rtl"),
        ("fr", "es", "ltr"),  # not one of ours: the agent's first
        ("", "es", "ltr"),
        ("%22%3E%3Cscript%3E", "es", "ltr"),
    ],
)
def test_speaks_the_best_of_its_languages(
    client: FlaskClient, sources: Path, ronda: Agent, wanted: str, language: str, direction: str
) -> None:
    answer = fetch(client, ronda, f"?lang={wanted}")
    config = config_of(answer)
    assert (config["language"], config["dir"]) == (language, direction)
    assert f'<html lang="{language}" dir="{direction}">' in answer.get_data(as_text=True)


def test_speaks_english_when_nothing_fits(client: FlaskClient, database: Session, sources: Path, ronda: Agent) -> None:
    change(database, Agent, ronda.id, languages=["fi"])
    assert config_of(fetch(client, ronda, "?lang=fi"))["strings"] == {"send": "Send"}


def test_shows_texts_as_texts(client: FlaskClient, database: Session, sources: Path, ronda: Agent) -> None:
    evil = "</script><script>alert(1)</script><!-- \u2028 & ' \" {x}"
    change(database, Agent, ronda.id, name=evil, greeting=evil)
    answer = fetch(client, ronda)
    page = answer.get_data(as_text=True)
    assert page.count("<script") == 2
    assert "<!--" not in page
    assert "\u2028" not in re.sub(r"<title>.*?</title>", "", page)
    assert config_of(answer)["agent"]["name"] == config_of(answer)["texts"]["greeting"] == evil


@pytest.mark.parametrize(
    ("url", "sources_of_images"),
    [
        ("https://cdn.acme.example:8443/a.png?x=1", "'self' https://cdn.acme.example:8443"),
        ("https://cdn.acme.example:443/a.png", "'self' https://cdn.acme.example"),
        ("https://bücher.example/a.png", "'self' https://xn--bcher-kva.example"),
        ("https://a.example;script-src *", "'self'"),
        ("https://a.example frame-ancestors/x", "'self'"),
        ("https://a.example\r\nX-Evil: 1/x", "'self'"),
        ("https://*/x.png", "'self'"),
        ("javascript:alert(1)", "'self'"),
        ("https://a.example:99999999/x", "'self'"),
        ("data:image/png;base64,xx", "'self'"),
    ],
)
def test_lets_its_picture_in_and_nothing_else(
    client: FlaskClient, database: Session, sources: Path, ronda: Agent, url: str, sources_of_images: str
) -> None:
    change(database, Agent, ronda.id, avatar_url=url)
    answer = fetch(client, ronda)
    wanted = POLICY.replace("img-src 'self'", f"img-src {sources_of_images}")
    assert answer.headers.getlist("Content-Security-Policy") == [wanted]
    assert "X-Evil" not in answer.headers


def test_is_sent_once(client: FlaskClient, database: Session, sources: Path, ronda: Agent) -> None:
    known = {"If-None-Match": fetch(client, ronda).headers["ETag"]}
    again = fetch(client, ronda, **known)
    assert (again.status_code, again.get_data()) == (304, b"")
    change(database, Agent, ronda.id, greeting="Hello!")
    assert fetch(client, ronda, **known).status_code == 200


def test_is_sent_again_when_other_sites_may_embed_it(
    client: FlaskClient, database: Session, sources: Path, ronda: Agent
) -> None:
    """A browser that was told 304 would keep the policy that it has."""
    known = {"If-None-Match": fetch(client, ronda).headers["ETag"]}
    change(database, Agent, ronda.id, widget_config={"allowed_domains": ["acme.example"]})
    answer = fetch(client, ronda, **known)
    assert answer.status_code == 200
    assert "frame-ancestors acme.example" in answer.headers["Content-Security-Policy"]


def test_is_compressed(client: FlaskClient, sources: Path, ronda: Agent) -> None:
    answer = fetch(client, ronda, **{"Accept-Encoding": "gzip, br"})
    assert answer.headers["Content-Encoding"] == "br"


def test_says_kindly_that_there_is_no_such_agent(
    client: FlaskClient, database: Session, sources: Path, ronda: Agent
) -> None:
    change(database, Agent, ronda.id, status="inactive")
    for agent_id in (ronda.id, uuid4()):
        answer = client.get(f"/widget/panel/{agent_id}?lang=de-AT")
        assert (answer.status_code, answer.content_type) == (404, "text/html; charset=utf-8")
        assert "Dieser Chat ist gerade nicht verfügbar." in answer.get_data(as_text=True)
        assert answer.headers.getlist("Content-Security-Policy") == [POLICY]
        assert "X-Frame-Options" not in answer.headers
        assert "<script" not in answer.get_data(as_text=True)


def test_tells_nothing_more_to_the_team(client: FlaskClient, cast: Cast, sources: Path, ronda: Agent) -> None:
    anybody = fetch(client, ronda).get_data()
    assert fetch(client, ronda, **cast.alice.headers).get_data() == anybody
