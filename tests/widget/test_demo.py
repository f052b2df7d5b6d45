"""GET /demo: the demo company's site."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.http.widget_config import WidgetConfigRequest
from app.models.agent import Agent
from app.models.company import Company
from app.models.user import Role, User
from app.services import demo
from tests.agent.rows import add_agent
from tests.cast import Cast
from tests.rows import change


@pytest.fixture
def pia(database: Session, with_settings: Callable[..., None]) -> Agent:
    """The demo company's agent."""
    with_settings(demo_password="a password for the demo")
    company = Company(name="Demo Shop", email="hello@demo-shop.example")
    database.add(company)
    database.flush()
    names = {"first_name": "Dana", "last_name": "Demo", "username": "demo", "password_hash": "x"}
    database.add(User(company_id=company.id, email=demo.EMAIL, role=Role.ADMIN, **names))
    return add_agent(database, company.id, name="Pia")


def agent_on(page: str) -> UUID:
    found = re.search(r'<script async src="/widget\.js" data-agent-id="([^"]+)"', page)
    assert found
    return UUID(found[1])


def test_is_a_page_with_the_widget(client: FlaskClient, cast: Cast, database: Session, pia: Agent) -> None:
    add_agent(database, cast.acme)
    add_agent(database, pia.company_id, name="A later one")
    answer = client.get("/demo")
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    assert agent_on(answer.get_data(as_text=True)) == pia.id
    assert client.get(f"/widget/panel/{pia.id}").status_code == 200


def test_keeps_to_its_own_policy(client: FlaskClient, pia: Agent) -> None:
    answer = client.get("/demo")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    page = answer.get_data(as_text=True)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    assert all(
        address.startswith(("/", "#")) and not address.startswith("//")
        for address in re.findall(r'(?:src|href)="([^"]*)"', page)
        if not address.startswith(("tel:", "mailto:"))
    )


def test_loads_what_is_served(client: FlaskClient, pia: Agent) -> None:
    page = client.get("/demo").get_data(as_text=True)
    parts = re.findall(r'"(/demo/assets/[^"]+)"', page)
    assert len(parts) == 3
    for part in parts:
        with client.get(part) as answer:
            assert answer.status_code == 200, part
            assert answer.get_data()


def test_its_links_lead_somewhere(client: FlaskClient, pia: Agent) -> None:
    page = client.get("/demo").get_data(as_text=True)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'\sid="([^"]+)"', page))


def test_is_not_there_without_the_demo(client: FlaskClient, cast: Cast) -> None:
    assert client.get("/demo").status_code == 404


def test_is_not_there_without_its_password(client: FlaskClient, pia: Agent, with_settings: Callable[..., None]) -> None:
    """Whoever registers that e-mail on an installation without a demo gets no page of their own."""
    with_settings(demo_password="")
    assert client.get("/demo").status_code == 404


def test_is_not_there_when_its_agent_takes_nobody(client: FlaskClient, database: Session, pia: Agent) -> None:
    change(database, Agent, pia.id, status="inactive")
    assert client.get("/demo").status_code == 404


@pytest.mark.parametrize("name", ["index.html", "../documents/faq-en.md", "..%2fquestions.json", "%00", "."])
def test_serves_no_other_file(client: FlaskClient, pia: Agent, name: str) -> None:
    assert client.get(f"/demo/assets/{name}").status_code == 404


def test_the_page_quotes_the_documents() -> None:
    """Prices on the page are those that the agent answers with."""
    source = Path(demo.DOCUMENTS.parents[2] / "scripts/demo_sources/lista-de-precios-2026-es/1-Bicicletas.csv")
    listed = {line.split(",")[1]: line.split(",")[4] for line in source.read_text("utf-8").splitlines()[1:]}
    page = (demo.DOCUMENTS.parent / "site" / "index.html").read_text("utf-8")
    shown = dict(re.findall(r'<h3>([^<]+)</h3>.*?class="price">([\d,]+)\u00a0€', page))
    assert len(shown) == 8
    for bike, price in shown.items():
        found = [listed[name] for name in listed if name.split(" cuadro")[0] == bike]
        assert f"{price.replace(',', '')}.00" in found, bike


def test_its_agents_widget_speaks_all_three_languages() -> None:
    config = json.loads(demo.WIDGET.read_text("utf-8"))
    assert WidgetConfigRequest().load(config) == config
    texts = config["texts"]
    assert set(texts) == {"en", "es", "de"}
    assert texts["en"].keys() == texts["es"].keys() == texts["de"].keys()
    asked = json.loads(demo.QUESTIONS.read_text("utf-8"))
    for language, said in texts.items():
        assert set(said["suggestions"]) <= {each["question"] for each in asked[language]}


def test_what_the_suggestions_are_answered_from_is_read_first() -> None:
    names = [path.name for path in demo._documents()]
    assert names[0] == "ronda-e-bike-manual-en.pdf"
    assert names.index("akku-leitfaden-de.pdf") < names.index("pressemitteilung-2026-09-de.txt")
    assert sorted(names) == sorted(path.name for path in demo.DOCUMENTS.iterdir())
