"""Trying settings out: really asks the chat model and the embedding model something small."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.ai.chat import (
    ChatMessage,
    ChatRequest,
    ModelError,
    ModelSaidNothing,
    ModelTimedOut,
    StopReason,
    TextDelta,
    Timeouts,
)
from app.ai.embedding import EmbeddingUnavailable
from app.core import tenancy
from app.core.settings import settings
from app.core.transaction import transaction
from app.models.llm_settings import LlmSettings
from app.models.provider import ProviderType
from app.security.principal import Principal
from app.services import llm_settings, model_choice, settings_rules
from app.services.model_choice import BUILTIN_EMBEDDING, ChatChoice, EmbeddingChoice
from app.services.settings_rules import Chosen

_QUESTION = (ChatMessage("user", "Answer with the word OK."),)
_ANSWER_TOKENS = 16
# Sixteen tokens are far fewer: who says more doesn't heed its limit, and may never end.
_LONGEST_ANSWER = 2_000
_TEXT = "When are you open?"
_LONGEST_ERROR = 500
_ON_AND_ON = (
    f"the model was asked for {_ANSWER_TOKENS} tokens at most and didn't stop after {_LONGEST_ANSWER} characters. "
    "Check that the address and the model are the right ones and that its server heeds max_tokens"
)


class _Endless(ModelError):
    """The model goes on and on."""

    kind = "endless_answer"


@dataclass(frozen=True, kw_only=True)
class Part:
    """How one model did. Times are in milliseconds; `model` is the name that the server gave, where it gives one."""

    ok: bool
    model: str
    latency_ms: int
    first_token_ms: int | None = None
    dimension: int | None = None
    error_code: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Report:
    """How both models did."""

    settings_id: UUID
    chat: Part
    embedding: Part
    ok: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ok", self.chat.ok and self.embedding.ok)


@dataclass(frozen=True)
class _Subject:
    chat: ChatChoice
    embedding: EmbeddingChoice


def run(principal: Principal, settings_id: UUID, overrides: Mapping[str, Any]) -> Report:
    """Asks both models as the settings say, with some fields overridden. A model that fails is part of the report.

    Waits for models: call it without a transaction. Raises `NotFound`, and `Invalid` for overrides that don't fit.
    """
    with transaction():
        tenancy.enter_company(principal.company())
        subject = _load(principal, settings_id, overrides)
    return Report(settings_id, _try_chat(subject.chat), _try_embedding(subject.embedding))


def _load(principal: Principal, settings_id: UUID, overrides: Mapping[str, Any]) -> _Subject:
    row = llm_settings.get(principal, settings_id)
    changes = llm_settings.unmasked(row, overrides)
    draft = {**llm_settings.draft_of(row), **changes}
    chosen = llm_settings.check(row.company_id, draft, changes, settings_id=row.id, before=row, given=changes)
    return _Subject(_chat_choice(row, draft, chosen), _embedding_choice(draft, chosen))


def _chat_choice(row: LlmSettings, draft: Mapping[str, Any], chosen: Chosen) -> ChatChoice:
    return ChatChoice(
        settings_id=row.id,
        provider_type=ProviderType(chosen.llm_provider.type),
        provider_name=chosen.llm_provider.name,
        model=chosen.llm_model.provider_model_id,
        base_url=settings_rules.address_of(draft, chosen.llm_provider, "llm"),
        api_key=draft["llm_api_key"],
        temperature=draft["llm_temperature"],
        extra=draft["llm_additional_params"],
    )


def _embedding_choice(draft: Mapping[str, Any], chosen: Chosen) -> EmbeddingChoice:
    model = chosen.embedding_model
    own = model.embedding_dimension
    if chosen.embedding_provider.type == ProviderType.BUILTIN:
        return BUILTIN_EMBEDDING
    # One of them is there, or the draft would have been refused.
    dimension: int = draft["embedding_dimension"] or own or 0
    return EmbeddingChoice(
        provider_type=ProviderType(chosen.embedding_provider.type),
        provider_name=chosen.embedding_provider.name,
        model=model.provider_model_id,
        base_url=settings_rules.address_of(draft, chosen.embedding_provider, "embedding"),
        api_key=draft["embedding_api_key"],
        dimension=dimension,
        extra=draft["embedding_additional_params"],
        shortened=own is not None and dimension < own,
    )


def _try_chat(choice: ChatChoice) -> Part:
    if choice.provider_type is ProviderType.BUILTIN:
        return Part(ok=True, model=choice.model, latency_ms=0, first_token_ms=0)
    request = ChatRequest(
        messages=_QUESTION, temperature=choice.temperature, max_tokens=_ANSWER_TOKENS, extra=choice.extra
    )
    passed = _stopwatch()
    first, model, characters = None, choice.model, 0
    patience = _patience()
    chat = model_choice.make_chat(choice, timeouts=patience)
    try:
        with closing(chat.stream(request)) as events:
            for event in events:
                if isinstance(event, TextDelta):
                    first = passed() if first is None else first
                    characters += len(event.text)
                    if characters > _LONGEST_ANSWER:
                        raise _Endless(_ON_AND_ON, source=f"{chat.provider}/{model}")
                    continue
                model = event.model
                # Whoever thinks first may have spent the few tokens on that.
                if first is None and event.stop_reason is not StopReason.TOO_LONG:
                    raise ModelSaidNothing(source=f"{chat.provider}/{model}")
    except ModelError as error:
        said = f"{error.detail}: {error.server_said}" if error.server_said else error.detail
        if isinstance(error, ModelTimedOut):
            said += f": it was given {patience.total:g} seconds"
        return Part(
            ok=False,
            model=model,
            latency_ms=passed(),
            first_token_ms=first,
            error_code=error.kind,
            error=_without_key(said, choice.api_key),
        )
    return Part(ok=True, model=model, latency_ms=passed(), first_token_ms=first)


def _try_embedding(choice: EmbeddingChoice) -> Part:
    passed = _stopwatch()
    try:
        vectors = model_choice.make_embedder(choice, hurried=True).embed_queries([_TEXT])
    except EmbeddingUnavailable as error:
        told = _without_key(error.detail, choice.api_key)
        return Part(ok=False, model=choice.model, latency_ms=passed(), error_code=error.code, error=told)
    return Part(ok=True, model=choice.model, latency_ms=passed(), dimension=vectors.shape[1])


def _patience() -> Timeouts:
    own = settings()
    longest = own.settings_test_seconds
    return Timeouts(
        connect=min(own.model_connect_seconds, longest), first_token=longest, between_tokens=longest, total=longest
    )


def _stopwatch() -> Callable[[], int]:
    started = time.monotonic()
    return lambda: round((time.monotonic() - started) * 1000)


def _without_key(text: str, key: str | None) -> str:
    return (text.replace(key, "…") if key else text)[:_LONGEST_ERROR]
