"""`widget_config`, as agents and settings take it, and what the widget makes of both."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent.rows import add_settings
from tests.cast import Cast
from tests.rows import audited, change, now_in
from tests.widget.test_widget_panel import config_of, fetch

EVERYTHING: dict[str, Any] = {
    "primary_color": "#B4452C",
    "color_scheme": "dark",
    "position": "left",
    "default_language": "en",
    "texts": {
        "en": {
            "title": "Acme Bikes",
            "subtitle": "Answers in seconds",
            "greeting": "Hi!\nAsk me anything.",
            "suggestions": ["How long is the warranty?", "Do you ship to Malta?"],
            "placeholder": "Ask…",
            "teaser": "Any question?",
            "launcher_label": "Chat with us",
            "offline": "Back on Monday",
            "consent_data_processing": "I agree.",
            "consent_marketing": "Send me news.",
        },
        "pt-BR": {"title": "Acme Bicicletas"},
    },
    "consent": {
        "version": "2026-11",
        "privacy_url": "https://acme.example/privacy",
        "data_processing": "notice",
        "marketing": "off",
    },
    "fields": {"phone": "required"},
    "allowed_domains": ["acme.example", "*.acme.example", "localhost:3000", "http://intranet"],
    "contact": {"email": "hello@acme.example", "phone": "+34911234567", "url": "https://acme.example/contact"},
    "teaser_delay_seconds": 8,
}


def path(agent: Agent) -> str:
    return f"/v1/agent/{agent.id}"


def put(client: FlaskClient, cast: Cast, agent: Agent, config: Any) -> Any:
    return client.put(path(agent), json={"widget_config": config}, headers=cast.alice.headers)


def test_agents_take_all_of_it(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    answer = put(client, cast, ronda, EVERYTHING)
    assert (answer.status_code, answer.json["widget_config"]) == (200, EVERYTHING)
    assert now_in(database, Agent, ronda.id).widget_config == EVERYTHING
    assert audited(database, "agent_changed").after["widget_config"]["position"] == "left"
    made = client.post(
        "/v1/agent", json={"name": "New", "widget_config": EVERYTHING}, headers=cast.key(cast.bob, "write")
    )
    assert (made.status_code, made.json["widget_config"]) == (201, EVERYTHING)
    copied = client.post(f"{path(ronda)}/clone", headers=cast.alice.headers)
    assert copied.json["widget_config"] == EVERYTHING


def test_replaces_what_was_there(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    put(client, cast, ronda, EVERYTHING)
    assert put(client, cast, ronda, {"position": "left"}).json["widget_config"] == {"position": "left"}
    assert put(client, cast, ronda, {}).json["widget_config"] == {}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            {"allowed_domains": [" ACME.Example ", "bücher.example"]},
            {"allowed_domains": ["acme.example", "xn--bcher-kva.example"]},
        ),
        ({"texts": {"PT-br": {"title": " Acme "}}}, {"texts": {"pt-BR": {"title": "Acme"}}}),
        ({"contact": {"phone": "+34 911 23 45 67"}}, {"contact": {"phone": "+34911234567"}}),
        (
            {"consent": {"privacy_url": None}, "teaser_delay_seconds": None},
            {"consent": {"privacy_url": None}, "teaser_delay_seconds": None},
        ),
    ],
)
def test_writes_things_as_they_are_usually_written(
    client: FlaskClient, cast: Cast, ronda: Agent, given: Any, kept: Any
) -> None:
    assert put(client, cast, ronda, given).json["widget_config"] == kept


HUGE = {"greeting": "ÿ" * 1000, "offline": "ÿ" * 200, "consent_marketing": "€" * 1000}
BAD: list[Any] = [
    None,
    [],
    {"unknown": 1},
    {"primary_color": "red"},
    {"primary_color": "#0f766e; --x: url(//evil)"},
    {"primary_color": "#0f766e\n"},
    {"color_scheme": "blue"},
    {"position": "top"},
    {"default_language": "english, please"},
    {"texts": {"english!": {}}},
    {"texts": {"en": {"unknown": "x"}}},
    {"texts": {"en": {"title": ""}}},
    {"texts": {"en": {"title": "x" * 81}}},
    {"texts": {"en": {"title": "a\nb"}}},
    {"texts": {"en": {"title": "a\u202eb"}}},
    {"texts": {"en": {"greeting": "a\u0007b"}}},
    {"texts": {"en": {"suggestions": ["x"] * 7}}},
    {"texts": {"en": {"suggestions": [""]}}},
    {"texts": {"en": "Hello"}},
    {"texts": {f"a{chr(97 + n)}": {} for n in range(21)}},
    {"texts": {f"a{chr(97 + n)}": HUGE for n in range(20)}},
    {"consent": {"data_processing": "maybe"}},
    {"consent": {"marketing": "notice"}},
    {"consent": {"privacy_url": "javascript:alert(1)"}},
    {"consent": {"privacy_url": "/privacy"}},
    {"fields": {"phone": True}},
    {"contact": {"email": "nobody"}},
    {"contact": {"url": "data:text/html,x"}},
    {"teaser_delay_seconds": 0},
    {"teaser_delay_seconds": 3601},
    {"teaser_delay_seconds": "8"},
    {"allowed_domains": "acme.example"},
    {"allowed_domains": ["acme.example"] * 51},
    *(
        {"allowed_domains": [domain]}
        for domain in (
            *("*", "https://*", "*acme.example", "a.*.example", "acme.example/path", "https://acme.example/", "acme"
              ".example;script-src *", "acme.example 'unsafe-inline'", "acme.example\r\nSet-Cookie: x", "'self'"),
            *("ftp://acme.example", "data:", "user@acme.example", "acme.example:0", "acme.example:99999", "acme..x",
              "-acme.example", "", ".", "[::1]:3000", "acme.example:*", "a" * 64 + ".example", "a." * 127 + "example"),
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("config", BAD, ids=range(len(BAD)))
def test_refuses_what_is_wrong(client: FlaskClient, database: Session, cast: Cast, ronda: Agent, config: Any) -> None:
    answer = put(client, cast, ronda, config)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["widget_config"])
    assert now_in(database, Agent, ronda.id).widget_config == {}
    answer = client.post("/v1/agent", json={"name": "New", "widget_config": config}, headers=cast.alice.headers)
    assert answer.status_code == 422


def test_the_agents_own_lies_over_its_settings(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    of_settings = {
        "primary_color": "#111111",
        "position": "left",
        "contact": {"email": "a@acme.example", "phone": "+34911234567"},
        "texts": {"en": {"title": "Acme", "placeholder": "Ask"}, "es": {"title": "Acme ES"}},
        "allowed_domains": ["acme.example"],
    }
    add_settings(database, cast.acme, is_default=True, widget_config=of_settings)
    own = {
        "primary_color": "#222222",
        "contact": {"url": "https://acme.example"},
        "texts": {"en": {"title": "Ronda"}, "de": {"title": "Ronda DE"}},
    }
    assert put(client, cast, ronda, own).json["widget_config"] == own
    assert client.get(path(ronda)).json["widget_config"] == {
        "primary_color": "#222222",
        "position": "left",
        "contact": {"url": "https://acme.example"},
        "texts": {
            "en": {"title": "Ronda", "placeholder": "Ask"},
            "es": {"title": "Acme ES"},
            "de": {"title": "Ronda DE"},
        },
    }


def test_only_the_team_sees_the_domains(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    put(client, cast, ronda, EVERYTHING)
    assert "allowed_domains" not in client.get(path(ronda)).json["widget_config"]
    assert "acme.example:" not in client.get(f"/widget/panel/{ronda.id}").get_data(as_text=True)
    team = client.get(f"{path(ronda)}/details", headers=cast.key(cast.bob, "read")).json["widget_config"]
    assert team["allowed_domains"] == EVERYTHING["allowed_domains"]


def test_the_panel_begins_with_it(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    put(client, cast, ronda, EVERYTHING)
    config = config_of(fetch(client, ronda, "?lang=en"))
    assert config["look"] == {"primary_color": "#B4452C", "color_scheme": "dark", "position": "left"}
    assert config["texts"] == EVERYTHING["texts"]["en"]
    assert {name: config[name] for name in ("consent", "fields", "contact")} == {
        name: EVERYTHING[name] for name in ("consent", "fields", "contact")
    }


def test_texts_fall_back_one_by_one(
    client: FlaskClient, database: Session, cast: Cast, sources: Path, ronda: Agent
) -> None:
    """What is wanted, shorter tags of it, the default language, and for the greeting the agent's own."""
    texts = {
        "en": {"title": "English", "placeholder": "Ask", "offline": "Away"},
        "es": {"title": "Español", "placeholder": "Pregunta"},
        "es-MX": {"title": "Mexicano"},
    }
    put(client, cast, ronda, {"default_language": "en", "texts": texts})
    own = {"greeting": "Hi!"}

    def shown(wanted: str) -> Any:
        return config_of(fetch(client, ronda, f"?lang={wanted}"))["texts"]

    assert shown("es-mx") == {"title": "Mexicano", "placeholder": "Pregunta", "offline": "Away", **own}
    assert shown("es-AR") == {"title": "Español", "placeholder": "Pregunta", "offline": "Away", **own}
    assert shown("de") == shown("es-AR")  # the agent's first language is Spanish
    change(database, Agent, ronda.id, languages=[])
    assert shown("de") == {**texts["en"], **own}


@pytest.mark.parametrize(
    ("domains", "directive"),
    [
        ([], None),
        (["acme.example"], "frame-ancestors acme.example"),
        (["*.acme.example", "localhost:3000", "https://x.y"], "frame-ancestors *.acme.example localhost:3000 https://x.y"),
        # Rows that nobody checked.
        (["x; script-src *"], "frame-ancestors 'none'"),
        (["x; script-src *", "acme.example", 7], "frame-ancestors acme.example"),
    ],
)  # fmt: skip
def test_browsers_are_told_who_may_embed(
    client: FlaskClient, database: Session, ronda: Agent, domains: list[Any], directive: str | None
) -> None:
    change(database, Agent, ronda.id, widget_config={"allowed_domains": domains})
    (policy,) = fetch(client, ronda).headers.getlist("Content-Security-Policy")
    assert [part for part in policy.split("; ") if part.startswith("frame-ancestors")] == [directive] * bool(directive)
    assert "script-src 'self'; " in policy
    assert "script-src *" not in policy


@pytest.mark.parametrize("config", [{"texts": "x"}, {"texts": {"en": 1}}, {"consent": []}, {"allowed_domains": "x"}])
def test_a_row_from_before_the_rules_breaks_nothing(
    client: FlaskClient, database: Session, ronda: Agent, config: Any
) -> None:
    change(database, Agent, ronda.id, widget_config=config)
    assert fetch(client, ronda).status_code == 200
    assert client.get(path(ronda)).status_code == 200
