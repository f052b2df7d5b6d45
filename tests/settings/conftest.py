"""What the tests of settings share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.llm_settings import LlmSettings
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from tests.cast import Cast

KEY = "sk-proj-4f7a9c2e81d05b36"
MASKED = "sk-…5b36"
CLOUD = "https://models.acme.example/v1"  # resolves nowhere


@dataclass(frozen=True)
class Shelf:
    """One provider of a company with a chat model and an embedding model of 8 dimensions, as ids."""

    company: UUID
    provider: UUID
    chat: UUID
    embedding: UUID

    @property
    def choice(self) -> dict[str, UUID]:
        """The four ids that settings need."""
        return {
            "llm_provider_id": self.provider,
            "llm_model_id": self.chat,
            "embedding_provider_id": self.provider,
            "embedding_model_id": self.embedding,
        }

    @property
    def body(self) -> dict[str, str]:
        """The same for a request."""
        return {name: str(value) for name, value in self.choice.items()}


Stock = Callable[..., Shelf]
Arrange = Callable[..., UUID]


@pytest.fixture
def stock(database: Session) -> Stock:
    """Gives a company a provider with two models: `stock(cast.acme, name="Cloud", type="openai")`."""

    def add(company_id: UUID, *, chat: str = "chat-1", embedding: str = "embed-1", **values: Any) -> Shelf:
        provider = Provider(
            company_id=company_id, **{"name": "Cloud", "type": "openai_compatible", "api_base_url": CLOUD, **values}
        )
        database.add(provider)
        database.flush()
        own = {"company_id": company_id, "provider_id": provider.id}
        models = [
            ProviderModel(**own, name="Chat", provider_model_id=chat, type="chat", input_price=2, output_price=8),
            ProviderModel(
                **own, name="Embed", provider_model_id=embedding, type="embedding", embedding_dimension=8, input_price=1
            ),
        ]
        database.add_all(models)
        database.commit()
        return Shelf(company_id, provider.id, models[0].id, models[1].id)

    return add


@pytest.fixture
def shelf(stock: Stock, cast: Cast) -> Shelf:
    """Acme's."""
    return stock(cast.acme)


@pytest.fixture
def add_settings(database: Session) -> Arrange:
    """Settings of a shelf: `add_settings(shelf, is_default=True)`."""

    def add(shelf: Shelf, **values: Any) -> UUID:
        row = LlmSettings(company_id=shelf.company, **{**shelf.choice, **values})
        database.add(row)
        database.commit()
        return row.id

    return add


@pytest.fixture
def add_agent(database: Session) -> Arrange:
    """An agent of a company: `add_agent(cast.acme)`."""

    def add(company_id: UUID, **values: Any) -> UUID:
        agent = Agent(company_id=company_id, **{"name": "Ronda", **values})
        database.add(agent)
        database.commit()
        return agent.id

    return add
