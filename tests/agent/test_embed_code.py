"""GET /v1/agent/<agent_id>/embed-code."""

from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent.rows import START, add_settings
from tests.cast import Cast
from tests.rows import change


def path(agent: Agent) -> str:
    return f"/v1/agent/{agent.id}/embed-code"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """The tags of a page, as a browser would read them."""
    reader = _Tags()
    reader.feed(html)
    return reader.found


def test_is_one_script_tag(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    answer = client.get(path(ronda), headers=cast.key(cast.bob, "read"))
    assert answer.status_code == 200
    url = "https://frontdesk.test/widget.js"
    assert answer.json == {
        "agent_id": str(ronda.id),
        "html": f'<script async src="{url}" data-agent-id="{ronda.id}"></script>',
        "script_url": url,
        "attributes": {"data-agent-id": str(ronda.id)},
        "content_security_policy": {"script-src": "https://frontdesk.test", "frame-src": "https://frontdesk.test"},
    }


def test_says_what_differs_from_the_defaults(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    texts = {
        "en": {"teaser": "Any question?", "launcher_label": "Ask Ronda"},
        "es": {"teaser": "¿Alguna duda?"},
    }
    config = {"primary_color": "#B4452C", "position": "left", "teaser_delay_seconds": 20, "texts": texts}
    change(database, Agent, ronda.id, widget_config={**config, "default_language": "en"}, languages=["en", "es"])
    expected = {
        "data-agent-id": str(ronda.id),
        "data-color": "#B4452C",
        "data-position": "left",
        "data-label": "Ask Ronda",
        "data-teaser": "Any question?",
        "data-teaser-delay": "20",
    }
    assert client.get(path(ronda), headers=cast.bob.headers).json["attributes"] == expected
    spanish = client.get(f"{path(ronda)}?lang=ES-mx", headers=cast.bob.headers).json["attributes"]
    assert spanish == {**expected, "data-lang": "es-MX", "data-teaser": "¿Alguna duda?"}


@pytest.mark.parametrize(
    ("delay", "attributes"),
    [
        ({}, {"data-teaser": "?"}),
        ({"teaser_delay_seconds": 8}, {"data-teaser": "?"}),
        ({"teaser_delay_seconds": None}, {}),
    ],
)
def test_the_teaser_can_be_switched_off(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent, delay: Any, attributes: Any
) -> None:
    config = {"primary_color": "#0F766E", "texts": {"en": {"teaser": "?"}}, **delay}
    change(database, Agent, ronda.id, widget_config=config)
    found = client.get(path(ronda), headers=cast.bob.headers).json["attributes"]
    assert found == {"data-agent-id": str(ronda.id), **attributes}


def test_nothing_in_it_ends_the_tag(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    evil = "\"' onload=alert(1) ></script><script>alert(2)</script> &quot; é"
    config = {"texts": {"en": {"teaser": evil, "launcher_label": evil}}}
    add_settings(database, cast.acme, is_default=True, widget_script_url='https://cdn.acme.example/w.js?a="&b=<x>')
    change(database, Agent, ronda.id, widget_config=config)
    answer = client.get(path(ronda), headers=cast.bob.headers).json
    ((tag, attributes),) = tags(answer["html"])
    assert tag == "script"
    assert attributes == {"async": None, "src": answer["script_url"], **answer["attributes"]}
    assert attributes["data-teaser"] == evil
    assert answer["html"].count("</script>") == 1


def test_the_script_may_be_elsewhere(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    url = "https://chat.acme.example:8443/widget.js"
    add_settings(database, cast.acme, is_default=True, widget_script_url=url, widget_config={"position": "left"})
    answer = client.get(path(ronda), headers=cast.bob.headers).json
    assert (answer["script_url"], answer["attributes"]["data-position"]) == (url, "left")
    assert set(answer["content_security_policy"].values()) == {"https://chat.acme.example:8443"}


def test_is_there_before_the_agent_is_active(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    change(database, Agent, ronda.id, status="inactive")
    assert client.get(path(ronda), headers=cast.bob.headers).status_code == 200


def test_refuses_anonymous_calls(client: FlaskClient, ronda: Agent) -> None:
    assert client.get(path(ronda)).status_code == 401


def test_refuses_visitors_and_keys_for_something_else(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    for headers in (cast.vera.headers, cast.key(cast.alice, "read", permissions={"leads": ["read"]})):
        assert client.get(path(ronda), headers=headers).status_code == 403


def test_hides_other_companies_and_deleted_agents(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    assert client.get(path(ronda), headers=cast.charlie.headers).status_code == 404
    assert client.get(f"/v1/agent/{uuid4()}/embed-code", headers=cast.bob.headers).status_code == 404
    change(database, Agent, ronda.id, deleted_at=START)
    assert client.get(path(ronda), headers=cast.bob.headers).status_code == 404


def test_refuses_a_language_that_is_none(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    answer = client.get(f"{path(ronda)}?lang=spanish!", headers=cast.bob.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["lang"])
