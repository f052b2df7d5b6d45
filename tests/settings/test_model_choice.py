"""Which models an agent works with."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.ai.chat import ChatMessage, ChatRequest, ModelRejectedRequest, ModelUnreachable
from app.ai.embedding import EmbeddingUnavailable
from app.core import tenancy
from app.core.transaction import transaction
from app.models.agent import Agent
from app.models.llm_settings import LlmSettings
from app.models.provider import Provider, ProviderType
from app.models.provider_model import ProviderModel
from app.services import model_choice
from app.services.model_choice import BUILTIN, BUILTIN_EMBEDDING, ChatChoice, Choice, EmbeddingChoice
from tests.cast import Cast
from tests.rows import change
from tests.settings.conftest import CLOUD, KEY, Arrange, Shelf, Stock

Find = Callable[[UUID], Choice]
QUESTION = ChatRequest(messages=(ChatMessage("user", "Hello?"),))


@pytest.fixture
def find(app: Flask, cast: Cast) -> Find:
    """What an agent of acme works with."""

    def ask(agent_id: UUID) -> Choice:
        with app.app_context(), transaction():
            tenancy.enter_company(cast.acme)
            return model_choice.find(company_id=cast.acme, agent_id=agent_id)

    return ask


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def ronda(cast: Cast, add_agent: Arrange) -> UUID:
    """An agent of acme."""
    return add_agent(cast.acme)


def chosen(choice: Choice) -> list[UUID | None]:
    return [each.settings_id for each in choice.chat]


def test_is_builtin_without_settings(find: Find, ronda: UUID) -> None:
    assert find(ronda) == BUILTIN
    assert BUILTIN.embedding.space == "builtin/multilingual-e5-small-use/512"


def test_is_builtin_for_nobody_s_agent(find: Find) -> None:
    assert find(uuid4()) == BUILTIN


def test_takes_the_company_s_default(find: Find, ronda: UUID, shelf: Shelf, add_settings: Arrange) -> None:
    add_settings(shelf)
    default = add_settings(shelf, is_default=True)
    add_settings(shelf)
    assert chosen(find(ronda)) == [default]


def test_takes_no_other_settings_of_the_company(find: Find, ronda: UUID, shelf: Shelf, add_settings: Arrange) -> None:
    add_settings(shelf)
    assert find(ronda) == BUILTIN


def test_prefers_the_agent_s_own(
    find: Find, cast: Cast, ronda: UUID, shelf: Shelf, add_settings: Arrange, add_agent: Arrange
) -> None:
    default = add_settings(shelf, is_default=True)
    add_settings(shelf, agent_id=ronda)
    newest = add_settings(shelf, agent_id=ronda)
    assert chosen(find(ronda)) == [newest]
    assert chosen(find(add_agent(cast.acme))) == [default]


def test_prefers_the_agent_s_own_default_to_its_newest(
    find: Find, ronda: UUID, shelf: Shelf, add_settings: Arrange
) -> None:
    default = add_settings(shelf, agent_id=ronda, is_default=True)
    add_settings(shelf, agent_id=ronda)
    assert chosen(find(ronda)) == [default]


def test_prefers_those_that_the_agent_names(
    find: Find, database: Session, ronda: UUID, shelf: Shelf, add_settings: Arrange
) -> None:
    named = add_settings(shelf)
    add_settings(shelf, is_default=True)
    add_settings(shelf, agent_id=ronda, is_default=True)
    change(database, Agent, ronda, llm_settings_id=named)
    assert chosen(find(ronda)) == [named]


def test_knows_everything_that_a_call_needs(find: Find, ronda: UUID, shelf: Shelf, add_settings: Arrange) -> None:
    values = {"llm_api_key": KEY, "llm_temperature": 0.2, "llm_max_tokens": 99, "llm_additional_params": {"top_p": 1}}
    settings = add_settings(shelf, is_default=True, embedding_api_key="other", **values)
    choice = find(ronda)
    assert choice.chat == (
        ChatChoice(
            settings_id=settings,
            provider_type=ProviderType.OPENAI_COMPATIBLE,
            provider_name="Cloud",
            model="chat-1",
            base_url=CLOUD,
            api_key=KEY,
            temperature=0.2,
            max_tokens=99,
            extra={"top_p": 1},
            input_price=Decimal(2),
            output_price=Decimal(8),
            currency="USD",
        ),
    )
    assert choice.embedding == EmbeddingChoice(
        provider_type=ProviderType.OPENAI_COMPATIBLE,
        provider_name="Cloud",
        model="embed-1",
        base_url=CLOUD,
        api_key="other",
        dimension=8,
        extra={},
        input_price=Decimal(1),
    )


def test_shows_no_key(find: Find, ronda: UUID, shelf: Shelf, add_settings: Arrange) -> None:
    add_settings(shelf, is_default=True, llm_api_key=KEY, embedding_api_key=KEY)
    assert KEY not in repr(find(ronda))


def test_follows_three_fallbacks_and_no_further(find: Find, ronda: UUID, shelf: Shelf, add_settings: Arrange) -> None:
    line = [add_settings(shelf)]
    for _ in range(3):
        line.append(add_settings(shelf, fallback_settings_id=line[-1]))
    start = add_settings(shelf, fallback_settings_id=line[-1], is_default=True)
    assert chosen(find(ronda)) == [start, *line[:0:-1]]


def test_ends_where_fallbacks_come_round(
    find: Find, database: Session, ronda: UUID, shelf: Shelf, add_settings: Arrange
) -> None:
    first = add_settings(shelf, is_default=True)
    second = add_settings(shelf, fallback_settings_id=first)
    change(database, LlmSettings, first, fallback_settings_id=second)
    assert chosen(find(ronda)) == [first, second]


@pytest.mark.parametrize("asleep", ["provider", "chat"])
def test_passes_over_what_is_inactive(
    find: Find, database: Session, ronda: UUID, stock: Stock, cast: Cast, add_settings: Arrange, asleep: str
) -> None:
    good, bad = stock(cast.acme), stock(cast.acme, name="Old")
    fallback = add_settings(good)
    add_settings(bad, is_default=True, fallback_settings_id=fallback)
    change(database, Provider if asleep == "provider" else ProviderModel, getattr(bad, asleep), status="inactive")
    assert chosen(find(ronda)) == [fallback]


def test_embeds_with_the_next_when_the_model_is_inactive(
    find: Find, database: Session, ronda: UUID, shelf: Shelf, add_settings: Arrange
) -> None:
    add_settings(shelf, is_default=True)
    change(database, ProviderModel, shelf.embedding, status="inactive")
    assert find(ronda).embedding == BUILTIN_EMBEDDING


def test_ends_with_a_builtin_model(
    find: Find, ronda: UUID, stock: Stock, cast: Cast, shelf: Shelf, add_settings: Arrange
) -> None:
    local = stock(
        cast.acme, name="Own", type="builtin", chat="builtin/extractive", embedding="multilingual-e5-small-use"
    )
    last = add_settings(shelf)
    builtin = add_settings(local, fallback_settings_id=last)
    first = add_settings(shelf, fallback_settings_id=builtin, is_default=True)
    assert chosen(find(ronda)) == [first]


def test_knows_the_builtin_embedding(find: Find, ronda: UUID, stock: Stock, cast: Cast, add_settings: Arrange) -> None:
    local = stock(
        cast.acme, name="Own", type="builtin", chat="builtin/extractive", embedding="multilingual-e5-small-use"
    )
    add_settings(local, is_default=True)
    assert find(ronda) == BUILTIN


def test_sees_no_other_company_s_settings(
    find: Find, cast: Cast, ronda: UUID, stock: Stock, add_settings: Arrange
) -> None:
    add_settings(stock(cast.globex), is_default=True)
    assert find(ronda) == BUILTIN


@pytest.mark.parametrize(
    ("values", "space"),
    [
        ({"type": "openai", "api_base_url": None}, "openai/embed-1/8"),
        ({"type": "openai", "api_base_url": "https://api.openai.com/v1/"}, "openai/embed-1/8"),
        ({"type": "openai", "api_base_url": CLOUD}, "openai/embed-1/8@be60e85b"),
        ({"api_base_url": CLOUD + "/"}, "openai_compatible/embed-1/8@be60e85b"),
    ],
)
def test_names_the_space_of_vectors(
    find: Find, ronda: UUID, stock: Stock, cast: Cast, add_settings: Arrange, values: dict[str, Any], space: str
) -> None:
    add_settings(stock(cast.acme, **values), is_default=True)
    assert find(ronda).embedding.space == space


def test_tells_the_model_to_shorten(find: Find, ronda: UUID, shelf: Shelf, add_settings: Arrange) -> None:
    add_settings(shelf, is_default=True, embedding_dimension=4)
    embedding = find(ronda).embedding
    assert (embedding.dimension, embedding.shortened) == (4, True)


def made_at(url: str | None, **values: Any) -> ChatChoice:
    return ChatChoice(
        settings_id=None,
        **{"provider_type": ProviderType.OPENAI, "provider_name": "X", "model": "m", **values},
        base_url=url,
    )


@pytest.mark.usefixtures("in_app")
def test_makes_clients_by_type() -> None:
    kinds = {
        kind: type(model_choice.make_chat(made_at(None, provider_type=kind))).__name__
        for kind in (ProviderType.OPENAI, ProviderType.ANTHROPIC, ProviderType.FAKE)
    }
    assert list(kinds.values()) == ["OpenAIChat", "AnthropicChat", "FakeChat"]
    candidate = model_choice.make_candidate(made_at(None, api_key=KEY))
    assert (candidate.provider.provider, candidate.provider.model) == ("X", "m")
    assert KEY not in candidate.key


@pytest.mark.usefixtures("in_app")
def test_makes_the_local_model_once() -> None:
    made = model_choice.make_embedder(BUILTIN_EMBEDDING)
    assert made is model_choice.make_embedder(BUILTIN_EMBEDDING)
    assert made.dimension == 512


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize(
    ("url", "error"),
    [("http://127.0.0.1:9/v1", ModelRejectedRequest), ("http://nowhere.invalid/v1", ModelUnreachable)],
)
def test_asks_nobody_inside(url: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        next(model_choice.make_chat(made_at(url)).stream(QUESTION))


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize("url", ["http://[::ffff:10.0.0.1]/v1", "http://nowhere.invalid/v1"])
def test_sends_nobody_inside_a_text(url: str) -> None:
    choice = EmbeddingChoice(
        provider_type=ProviderType.OPENAI_COMPATIBLE, provider_name="X", model="m", base_url=url, dimension=8
    )
    made = model_choice.make_embedder(choice)
    assert (made.model, made.dimension) == ("m", 8)
    for embed in (made.embed_passages, made.embed_queries):
        with pytest.raises(EmbeddingUnavailable):
            embed(["secret"])
    with pytest.raises(EmbeddingUnavailable):
        made.embed_question("secret", "en")
