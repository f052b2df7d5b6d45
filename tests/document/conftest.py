"""What the tests of documents share."""

import io
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.config import Settings
from app.models.agent import Agent
from app.models.document import Document
from app.models.llm_settings import LlmSettings
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from app.services import embedding_spaces, ingestion
from tests.ai.embedding_service import EmbeddingService, serving
from tests.cast import Cast
from tests.document.rows import TEXTS, add_chunks, add_document
from tests.local_model import place_model
from tests.rows import now_in

Process = Callable[[UUID], Document]
Upload = Callable[..., UUID]

GUIDE = b"""# Returns

Send it back within 30 days. The parcel label is in the box, and we pay for the way back.

## Refunds

The money is on your account five working days after we have received the parcel. Gift cards are not refunded.
"""


@pytest.fixture(scope="session")
def model(app: Flask, settings: Settings, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The builtin embedding model, built once for all processes of a test run, where the application looks for it."""
    place_model(settings, worker_id, tmp_path_factory)


@pytest.fixture
def agent(database: Session, cast: Cast) -> UUID:
    """Acme's agent."""
    return _add_agent(database, cast.acme)


@pytest.fixture
def other_agent(database: Session, cast: Cast) -> UUID:
    """Globex's agent."""
    return _add_agent(database, cast.globex)


def _add_agent(database: Session, company_id: UUID) -> UUID:
    agent = Agent(company_id=company_id, name="Ronda")
    database.add(agent)
    database.commit()
    return agent.id


@pytest.fixture
def document(database: Session, agent: UUID, cast: Cast) -> UUID:
    """A document of acme, processed."""
    return add_document(database, cast.acme, agent)


@pytest.fixture
def chunks(database: Session, document: UUID) -> list[UUID]:
    """Its three passages."""
    return add_chunks(database, document, *TEXTS)


@pytest.fixture
def foreign(database: Session, other_agent: UUID, cast: Cast) -> UUID:
    """A document of globex."""
    return add_document(database, cast.globex, other_agent, title="The Globex papers")


@pytest.fixture
def upload(client: FlaskClient, cast: Cast, agent: UUID) -> Upload:
    """Uploads a file as Alice: `upload(b"# Returns", "returns.md")`."""

    def send(content: bytes = GUIDE, filename: str = "returns.md") -> UUID:
        answer = client.post("/v1/document/upload", data=form(agent, (filename, content)), headers=cast.alice.headers)
        assert answer.status_code == 202, answer.json
        return UUID(answer.json["documents"][0]["id"])

    return send


@pytest.fixture
def process(app: Flask, database: Session, model: None) -> Process:
    """Does a worker's task for a document; returns the document as it is then."""

    def run(document_id: UUID) -> Document:
        company_id = now_in(database, Document, document_id).company_id
        with app.app_context():
            ingestion.ingest(company_id=company_id, document_id=document_id)
        return now_in(database, Document, document_id)

    return run


@pytest.fixture
def build(app: Flask) -> Callable[[UUID, UUID], None]:
    """Does a worker's task for the vectors of an agent."""

    def run(company_id: UUID, agent_id: UUID) -> None:
        with app.app_context():
            embedding_spaces.build(company_id=company_id, agent_id=agent_id)

    return run


def form(agent_id: UUID, *files: tuple[str, bytes], **fields: Any) -> dict[str, Any]:
    """A form with files: `form(agent, ("a.md", b"# A"))`."""
    return {"agent_id": str(agent_id), **fields, "files": [(io.BytesIO(content), name) for name, content in files]}


@pytest.fixture
def service(with_settings: Callable[..., None]) -> Iterator[EmbeddingService]:
    """A server of embeddings, of four dimensions, that may be called although it is on this machine."""
    with_settings(allowed_networks=("127.0.0.0/8",))
    with serving() as service:
        yield service


@pytest.fixture
def choose(database: Session, cast: Cast, service: EmbeddingService) -> Callable[..., UUID]:
    """Makes a model of the server acme's embedding model: `choose("embed-1")`. Returns the settings."""

    def add(model: str = "embed-1") -> UUID:
        provider = Provider(
            company_id=cast.acme, name=f"Cloud {model}", type="openai_compatible", api_base_url=service.base_url
        )
        database.add(provider)
        database.flush()
        own = {"company_id": cast.acme, "provider_id": provider.id}
        chat = ProviderModel(**own, name="Chat", provider_model_id="chat", type="chat")
        embedding = ProviderModel(
            **own, name=model, provider_model_id=model, type="embedding", embedding_dimension=4, input_price=2
        )
        database.add_all([chat, embedding])
        database.flush()
        database.query(LlmSettings).update({"is_default": False})
        settings = LlmSettings(
            company_id=cast.acme,
            llm_provider_id=provider.id,
            llm_model_id=chat.id,
            embedding_provider_id=provider.id,
            embedding_model_id=embedding.id,
            is_default=True,
        )
        database.add(settings)
        database.commit()
        return settings.id

    return add


class Killed(BaseException):
    """The worker was killed."""


@pytest.fixture
def sweep(app: Flask) -> Callable[..., int]:
    """Does the sweep, as if Postgres had been there for long; `could_tell_for` says how long it has to."""

    def run(could_tell_for: timedelta = timedelta(0)) -> int:
        with app.app_context():
            return ingestion.requeue_due(could_tell_for=could_tell_for)

    return run


@pytest.fixture
def at_request(service: EmbeddingService) -> Iterator[Callable[[int, Callable[[], object]], None]]:
    """Does something while a worker waits for its n-th batch: `at_request(2, die)`."""
    answer = service.answer

    def arrange(number: int, action: Callable[[], object]) -> None:
        def first_act(body: dict[str, Any]) -> Any:
            answered = answer(body)
            if len(service.requests) == number:
                action()
            return answered

        service.answer = first_act  # type: ignore[method-assign]

    yield arrange
    service.answer = answer  # type: ignore[method-assign]


@pytest.fixture
def die() -> Iterator[Callable[[], None]]:
    """Ends the worker, wherever it is."""

    def raise_killed(*_: object) -> None:
        raise Killed

    before = signal.signal(signal.SIGUSR1, raise_killed)
    yield lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)
