"""The real widget in real Chromium, on a real web process with a real worker.

Everything here lives as long as this folder's tests are running: while Playwright is on, its event loop would be found
running by whoever starts one, so the tests of other folders must not meet it.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from scripts.bench.installation import Api
from scripts.browser import launch
from tests.browser import documents
from tests.browser.faults import FaultyNetwork, faulty_network
from tests.browser.host_pages import HostPages, document, script_tag, serving_pages
from tests.browser.installation import Installation
from tests.browser.model import ScriptedModel, scripted_model
from tests.browser.widget import Widget

# What may have to wait for a model or a busy machine; everything else is there much sooner.
_PATIENCE_MS = 10_000


@dataclass(frozen=True)
class Company:
    """A company on the installation. `pia` answers from its documents, `max` by the scripted model."""

    api: Api
    pia: str
    max: str

    def new_agent(self, **fields: Any) -> str:
        """An agent of its own, without documents, for what doesn't need an answer."""
        agent: str = self.api.call("POST", "/v1/agent", {"name": "Ada", **fields})["id"]
        return agent

    def messages(self, widget: Widget) -> list[dict[str, Any]]:
        """The messages of a visitor's conversation, as they are stored."""
        path = f"/v1/conversation/{widget.remembered()['conversation']}/messages?per_page=100"
        items: list[dict[str, Any]] = self.api.call("GET", path)["items"]
        return items

    def wait_for_answer(self, widget: Widget) -> None:
        """Waits until the last question of a visitor has its answer stored."""
        end = time.monotonic() + 15
        while self.messages(widget)[-1]["role"] != "assistant":
            assert time.monotonic() < end, "no answer was stored"
            widget.page.wait_for_timeout(50)


@pytest.fixture(scope="package")
def installation(worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The web process and the worker."""
    base = tmp_path_factory.getbasetemp()
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1
    models = (base if worker_id == "master" else base.parent) / "local-model"
    with Installation(tmp_path_factory.mktemp("installation"), number, models) as running:
        yield running


@pytest.fixture(scope="package")
def model() -> Iterator[ScriptedModel]:
    """The model that `max` asks."""
    with scripted_model() as running:
        yield running


@pytest.fixture(scope="package")
def company(installation: Installation, model: ScriptedModel) -> Company:
    """A company with agents whose documents are searchable."""
    api = installation.api()
    api.found_company("Velo")
    languages = {"languages": ["en", "es", "de"]}
    pia, max_ = (api.call("POST", "/v1/agent", {"name": name, **languages})["id"] for name in ("Pia", "Max"))
    api.use_model(max_, model.base_url, "scripted")
    api.upload(pia, documents.ALL)
    api.upload(max_, documents.SHOP)
    for agent in (pia, max_):
        found = api.wait_for_documents(agent)
        assert {each["status"] for each in found} == {"processed"}, installation.log()
    return Company(api, pia, max_)


@pytest.fixture(scope="package")
def hosts() -> Iterator[HostPages]:
    """Where the companies' websites are served."""
    with serving_pages() as pages:
        yield pages


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What drives browsers."""
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium. Each test gets a context of its own: cookies, storage and cache apart."""
    running = launch(playwright.chromium)
    yield running
    running.close()


NewVisitor = Callable[..., Widget]


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes people's browsers: `contexts(locale="de")`."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        made.append(browser.new_context(**options))
        made[-1].set_default_timeout(_PATIENCE_MS)
        return made[-1]

    yield make
    for context in made:
        context.close()


@pytest.fixture
def visitor(contexts: Callable[..., BrowserContext]) -> NewVisitor:
    """A visitor who has never been here: `visitor(locale="de")` is a widget on a blank page."""
    return lambda **options: Widget(contexts(**options).new_page())


@pytest.fixture
def page(contexts: Callable[..., BrowserContext]) -> Page:
    """A tab of a visitor who has never been here."""
    return contexts().new_page()


Embed = Callable[..., str]


@pytest.fixture
def embed(installation: Installation, company: Company, hosts: HostPages) -> Embed:
    """Puts the widget on a page of another site: `embed(agent, color="#112233", page={"head": "<style>…"})`."""

    def put(agent: str | None = None, *, origin: str | None = None, page: Any = None, **how: Any) -> str:
        where = {name: how.pop(name) for name in ("headers", "host") if name in how}
        tag = script_tag(origin or installation.origin, agent or company.pia, **how)
        return hosts.add(document(tag, **(page or {})), **where)

    return put


Chatting = Callable[..., Widget]


@pytest.fixture
def chatting(visitor: NewVisitor, embed: Embed) -> Chatting:
    """A visitor who has just registered: `chatting(agent, origin=…, browser={"locale": "de"})`."""

    def start(agent: str | None = None, *, browser: Any = None, **how: Any) -> Widget:
        return visitor(**(browser or {})).visit(embed(agent, **how)).open().register()

    return start


@pytest.fixture
def network(installation: Installation) -> Iterator[FaultyNetwork]:
    """A network that can fail between the browser and the installation."""
    with faulty_network(installation.port) as running:
        yield running


@pytest.fixture(autouse=True)
def _tell_what_the_installation_said(request: pytest.FixtureRequest) -> Iterator[None]:
    """A failure here is often explained there."""
    yield
    if "installation" in request.fixturenames and os.environ.get("SHOW_LOGS"):
        print(request.getfixturevalue("installation").log())  # noqa: T201
