"""Making and storing the vectors of passages, and noting what a provider is paid for it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from app.ai.embedding import Embedder, EmbeddingUnavailable, Vectors
from app.ai.pricing import cost, estimate_tokens
from app.core import tenancy
from app.core.ids import new_id
from app.core.transaction import transaction
from app.models.model_call import CallOutcome, ModelCall
from app.models.provider import ProviderType
from app.models.provider_model import ModelType
from app.repositories import chunk_embeddings, model_calls
from app.services import model_choice
from app.services.model_choice import EmbeddingChoice

# On this machine's CPU a batch takes about a second; a provider takes one request, however many they are.
_LOCAL_BATCH, _REMOTE_BATCH = 32, 128
_FREE = Decimal(0)


class Passage(Protocol):
    """What is embedded of a passage."""

    @property
    def chunk_id(self) -> UUID:
        """Its id."""
        ...

    @property
    def text(self) -> str:
        """Its own words."""
        ...

    @property
    def heading_path(self) -> Sequence[str]:
        """The headings above it, outermost first."""
        ...


@dataclass(frozen=True)
class Owner:
    """Whose passages they are; without a document they are of several."""

    company_id: UUID
    agent_id: UUID
    document_id: UUID | None = None


@dataclass(frozen=True)
class Made:
    """Vectors (n, dimension) of n passages, and the call that made them (None: a model of ours)."""

    space: str
    chunk_ids: list[UUID]
    vectors: Vectors
    call: ModelCall | None


def embedder(choice: EmbeddingChoice) -> Embedder:
    """The client of an embedding model."""
    return model_choice.make_embedder(choice)


def batch_size(choice: EmbeddingChoice) -> int:
    """How many passages are embedded, and stored, at once."""
    return _LOCAL_BATCH if choice.provider_type is ProviderType.BUILTIN else _REMOTE_BATCH


def words_of(text: str, heading_path: Sequence[str]) -> str:
    """What a passage is found by: its text, below the headings that it doesn't begin with itself."""
    begins_with = set(text.split("\n\n", len(heading_path))[: len(heading_path)])
    above = [heading for heading in heading_path if heading not in begins_with]
    return "\n".join([" > ".join(above), text]) if above else text


def make(choice: EmbeddingChoice, passages: Sequence[Passage], owner: Owner) -> Made:
    """The vectors of passages. Waits for the model, so never in a transaction. Raises `EmbeddingUnavailable`."""
    texts = [words_of(each.text, each.heading_path) for each in passages]
    started = time.monotonic()
    try:
        vectors = embedder(choice).embed_passages(texts)
    except EmbeddingUnavailable as error:
        _note_failure(choice, owner, error.code, started)
        raise
    call = None
    if choice.provider_type is not ProviderType.BUILTIN:
        call = _call(choice, owner, started, tokens=sum(map(estimate_tokens, texts)))
    return Made(choice.space, [each.chunk_id for each in passages], vectors, call)


def store(made: Made, owner: Owner) -> None:
    """Keeps vectors, in the running transaction."""
    chunk_embeddings.add_many(
        company_id=owner.company_id,
        agent_id=owner.agent_id,
        space=made.space,
        chunk_ids=made.chunk_ids,
        vectors=made.vectors,
    )
    if made.call is not None:
        model_calls.add_all([made.call])


def _note_failure(choice: EmbeddingChoice, owner: Owner, code: str, started: float) -> None:
    if choice.provider_type is ProviderType.BUILTIN:
        return
    with transaction():
        tenancy.enter_company(owner.company_id)
        model_calls.add_all([_call(choice, owner, started, tokens=0, error_code=code)])


def _call(
    choice: EmbeddingChoice, owner: Owner, started: float, *, tokens: int, error_code: str | None = None
) -> ModelCall:
    price = choice.input_price or _FREE
    return ModelCall(
        id=new_id(),
        company_id=owner.company_id,
        agent_id=owner.agent_id,
        document_id=owner.document_id,
        provider=choice.provider_name,
        model=choice.model,
        kind=ModelType.EMBEDDING,
        outcome=CallOutcome.ERROR if error_code else CallOutcome.OK,
        error_code=error_code,
        input_tokens=tokens,
        output_tokens=0,
        estimated=True,  # their protocol tells what was used, but our client hands on the vectors alone
        input_price=choice.input_price,
        currency=choice.currency,
        cost=cost(tokens, 0, input_price_per_million=price, output_price_per_million=_FREE),
        total_ms=round((time.monotonic() - started) * 1000),
    )
