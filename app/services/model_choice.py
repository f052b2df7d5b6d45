"""Which models an agent works with, and the clients for them. Asked at every message of a visitor."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

from app.ai import language
from app.ai.chat import ChatProvider, Timeouts
from app.ai.circuits import circuit_key
from app.ai.embedding import Embedder
from app.ai.fake_chat import FakeChat
from app.ai.local_model import DIMENSION, E5Embedder, LocalEmbedder
from app.ai.local_model_files import MARKER
from app.ai.resilience import Candidate
from app.core.settings import settings
from app.models.provider import ProviderType
from app.repositories import llm_settings
from app.repositories.llm_settings import SettingsRow
from app.services import model_vendors
from app.services.guarded_models import GuardedChat, GuardedEmbedder, refuse_internal

__all__ = [
    "BUILTIN",
    "BUILTIN_CHAT_MODEL",
    "BUILTIN_EMBEDDING",
    "BUILTIN_EMBEDDING_MODEL",
    "FORMER_EMBEDDING",
    "VENDOR_URLS",
    "ChatChoice",
    "Choice",
    "EmbeddingChoice",
    "find",
    "make_candidate",
    "make_chat",
    "make_embedder",
    "refuse_internal",
]

BUILTIN_CHAT_MODEL = "builtin/extractive"
BUILTIN_EMBEDDING_MODEL = "multilingual-e5-small-use"
# The vendors' own addresses; every other provider has to say where it is.
VENDOR_URLS: Mapping[ProviderType, str] = MappingProxyType(
    {ProviderType.OPENAI: "https://api.openai.com/v1", ProviderType.ANTHROPIC: "https://api.anthropic.com"}
)
_MODEL_FOLDER = BUILTIN_EMBEDDING_MODEL  # below `models` of DATA_DIR
_HURRIED_SECONDS = 10.0
_NO_KEY = "none"  # OpenAI's client insists on one; servers without keys ignore it

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class ChatChoice:
    """A chat model to ask. Prices are per million tokens, in `currency`; `base_url` None is the vendor's own."""

    settings_id: UUID | None
    provider_type: ProviderType
    provider_name: str
    model: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    temperature: float | None = None
    max_tokens: int | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    currency: str = "USD"


@dataclass(frozen=True, kw_only=True)
class EmbeddingChoice:
    """A model for vectors of `dimension`. `shortened`: the model makes longer ones and is told to cut them."""

    provider_type: ProviderType
    provider_name: str
    model: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    dimension: int
    extra: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    input_price: Decimal | None = None
    currency: str = "USD"
    shortened: bool = False
    # How much of one text it reads; None: not known.
    max_tokens: int | None = None

    @property
    def space(self) -> str:
        """Names what its vectors can be compared with: `<provider type>/<model>/<dimension>`, and a server that isn't
        the vendor's own, since two may give one name to different models."""
        name = f"{self.provider_type}/{self.model}/{self.dimension}"
        return name if self.base_url is None else f"{name}@{sha256(self.base_url.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class Choice:
    """The chat models to ask, one after the other until one answers, and the embedding model. No chat model: the
    answer is made of the documents' own sentences, as it is when none of them answers."""

    chat: tuple[ChatChoice, ...]
    embedding: EmbeddingChoice


BUILTIN_EMBEDDING = EmbeddingChoice(
    provider_type=ProviderType.BUILTIN,
    provider_name="builtin",
    model=BUILTIN_EMBEDDING_MODEL,
    dimension=DIMENSION,
    input_price=Decimal(0),
    max_tokens=LocalEmbedder.max_tokens,
)
# What passages of an installation from before migration 0021 have until theirs are made anew.
FORMER_EMBEDDING = replace(BUILTIN_EMBEDDING, model="multilingual-e5-small", dimension=E5Embedder.dimension)
BUILTIN = Choice(chat=(), embedding=BUILTIN_EMBEDDING)


def find(*, company_id: UUID, agent_id: UUID) -> Choice:
    """What the agent works with: the settings that it names, else its own, else its company's default, else `BUILTIN`;
    and what they fall back to. What is inactive is passed over; a builtin chat model ends the line."""
    return of_rows(llm_settings.find_chain(company_id=company_id, agent_id=agent_id))


def of_rows(rows: Sequence[SettingsRow]) -> Choice:
    """The choice that rows of `llm_settings.find_chain` come to."""
    if not rows:
        return BUILTIN
    embedding = next((embedding_of(row) for row in rows if row.embedding_active), BUILTIN_EMBEDDING)
    return Choice(chat=tuple(_chat_line(rows)), embedding=embedding)


def _chat_line(rows: Sequence[SettingsRow]) -> Sequence[ChatChoice]:
    line: list[ChatChoice] = []
    for row in rows:
        if row.llm_active and row.llm_type == ProviderType.BUILTIN:
            break
        if row.llm_active:
            line.append(chat_of(row))
    return line


def chat_of(row: SettingsRow) -> ChatChoice:
    """The chat model of one row of settings."""
    kind = ProviderType(row.llm_type)
    return ChatChoice(
        settings_id=row.settings_id,
        provider_type=kind,
        provider_name=row.llm_provider,
        model=row.llm_model,
        base_url=other_url(kind, row.llm_base_url),
        api_key=row.llm_api_key,
        temperature=row.llm_temperature,
        max_tokens=row.llm_max_tokens,
        extra=row.llm_additional_params,
        input_price=row.input_price,
        output_price=row.output_price,
        currency=row.currency,
    )


def embedding_of(row: SettingsRow) -> EmbeddingChoice:
    """The embedding model of one row of settings."""
    kind = ProviderType(row.embedding_type)
    if kind is ProviderType.BUILTIN:
        return BUILTIN_EMBEDDING
    return EmbeddingChoice(
        provider_type=kind,
        provider_name=row.embedding_provider,
        model=row.embedding_model,
        base_url=other_url(kind, row.embedding_base_url),
        api_key=row.embedding_api_key,
        dimension=row.embedding_dimension,
        extra=row.embedding_additional_params,
        input_price=row.embedding_price,
        currency=row.embedding_currency,
        shortened=row.model_dimension is not None and row.embedding_dimension < row.model_dimension,
        max_tokens=row.embedding_window,
    )


def other_url(kind: ProviderType, url: str | None) -> str | None:
    """A base URL in one form; None for the vendor's own."""
    plain = (url or "").rstrip("/")
    return None if not plain or plain == VENDOR_URLS.get(kind) else plain


def make_chat(choice: ChatChoice, *, timeouts: Timeouts | None = None) -> ChatProvider:
    """The client of a chat model. Cheap: connections are shared by address."""
    if choice.provider_type is ProviderType.FAKE:
        return FakeChat(model=choice.model)
    arguments: dict[str, Any] = {
        "model": choice.model,
        "api_key": choice.api_key or "",
        "provider": choice.provider_name,
        "timeouts": timeouts or _timeouts(),
    }
    if choice.base_url is not None:
        arguments["base_url"] = choice.base_url
    client = model_vendors.chat(choice.provider_type)(**arguments)
    if choice.base_url is None:
        return client
    return GuardedChat(client, choice.base_url)


def make_candidate(choice: ChatChoice) -> Candidate:
    """The client of a chat model, with the name of its circuit breaker."""
    url = choice.base_url or VENDOR_URLS.get(choice.provider_type, "")
    key = circuit_key(
        provider=choice.provider_type,
        base_url=url,
        api_key=choice.api_key or "",
        model=choice.model,
        settings_id=choice.settings_id,
    )
    return Candidate(make_chat(choice), key)


def make_embedder(choice: EmbeddingChoice, *, hurried: bool = False) -> Embedder:
    """The client of an embedding model; of the builtin one there is one in a process, since it fills 150 MB. `hurried`:
    somebody is waiting, so a server is asked once, and not for long."""
    if choice.provider_type is ProviderType.BUILTIN:
        local = _local_embedder(_local_folder())
        return E5Embedder(local) if choice == FORMER_EMBEDDING else local
    options: dict[str, Any] = {} if choice.max_tokens is None else {"max_tokens": choice.max_tokens}
    if hurried:
        options |= {"timeout": _HURRIED_SECONDS, "retries": 0}
    client = model_vendors.embedder()(
        base_url=choice.base_url or VENDOR_URLS[ProviderType.OPENAI],
        api_key=choice.api_key or _NO_KEY,
        model=choice.model,
        dimension=choice.dimension,
        shortened=choice.shortened,
        **options,
    )
    return client if choice.base_url is None else GuardedEmbedder(client, choice.base_url)


def warm_up() -> None:
    """Loads what most answers take, so that no visitor waits for it: about 0.8 s of CPU."""
    _local_embedder(_local_folder()).embed_queries(["Hello"])
    language.detect("Hello")
    model_vendors.chat(ProviderType.OPENAI)


def warm_up_others() -> None:
    """Loads what some answers take besides."""
    model_vendors.chat(ProviderType.ANTHROPIC)


def prepare_local_model() -> None:
    """Builds the builtin embedding model once, some seconds; later it only looks whether it is there."""
    # Building takes libraries of 60 MB that no other process should hold.
    from app.ai.local_model_build import prepare  # noqa: PLC0415

    prepare(_local_folder())


def remove_former_model(*, before: datetime) -> bool:
    """Removes the folder of the builtin model as it was, if the present one is there since `before`: processes of that
    version may still read it meanwhile, and would build it again."""
    former = _local_folder().with_name(FORMER_EMBEDDING.model)
    marker = _local_folder() / MARKER
    if not former.exists() or not marker.exists() or marker.stat().st_mtime > before.timestamp():
        return False
    shutil.rmtree(former)
    former.with_name(f".{former.name}.lock").unlink(missing_ok=True)
    return True


def _local_folder() -> Path:
    return settings().data_dir / "models" / _MODEL_FOLDER


@lru_cache(maxsize=4)
def _local_embedder(folder: Path) -> LocalEmbedder:
    if not folder.exists():  # workers with a disk of their own, which `flask prepare` didn't see
        prepare_local_model()
    return LocalEmbedder(folder)


def _timeouts() -> Timeouts:
    own = settings()
    return Timeouts(
        connect=own.model_connect_seconds,
        first_token=own.model_first_token_seconds,
        between_tokens=own.model_pause_seconds,
        total=own.turn_seconds,
    )
