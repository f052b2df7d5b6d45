"""What an agent's documents say to a question."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from app.ai.embedding import Embedder
from app.ai.language import UNDETERMINED
from app.ai.pricing import estimate_tokens
from app.ai.ranking import NOTHING_FOUND, Found, Ranking, Standing, ranked
from app.ai.resilience import CallRecord, Outcome
from app.core.tenancy import enter_company
from app.core.transaction import transaction
from app.models.provider import ProviderType
from app.models.provider_model import ModelType
from app.repositories.passages import Passage
from app.services import embedding_spaces, model_choice, retrieval
from app.services.call_costs import Call
from app.services.model_choice import BUILTIN_EMBEDDING, EmbeddingChoice
from app.services.query_results import QueryResult
from app.services.questions import Question

_MOST_PASSAGES = 8
# So many are looked at together, of which the best are taken: enough for each language to have some among them.
_CANDIDATES = 50
# A question of so few words rarely says what it is about: it is looked up together with the one before it.
_SHORT_QUESTION = 5


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Where to look. `space` None: there are no documents yet; `languages`: the question's, then the documents'."""

    company_id: UUID
    agent_id: UUID
    space: str | None
    choice: EmbeddingChoice
    languages: tuple[str, ...]
    most: int = _MOST_PASSAGES


@dataclass(frozen=True)
class Evidence:
    """The passages that fit a question, best first, and the model that found them (None: there is nothing to search).
    `asked` is the text that was looked up, `standing` how it stands to all that was found."""

    asked: str
    passages: list[Passage] = field(default_factory=list)
    standing: Standing = field(default=NOTHING_FOUND)
    embedder: Embedder | None = None
    calls: list[Call] = field(default_factory=list)
    # Rows of the company's databases, which may be cited like a passage; numbered after them.
    results: tuple[QueryResult, ...] = ()

    @property
    def sources(self) -> list[Passage | QueryResult]:
        """Everything that may be cited, in the order of its numbers."""
        return [*self.passages, *self.results]


def find(question: Question, spoken: str) -> Evidence:
    """Looks the question up. Raises `EmbeddingUnavailable`."""
    return look_up(_wanted(question, spoken), question.text)


def find_with_context(question: Question, spoken: str) -> Evidence | None:
    """Looks a short question up together with the one before it; None when it can stand alone."""
    if question.before is None or len(question.text.split()) > _SHORT_QUESTION:
        return None
    return look_up(_wanted(question, spoken), f"{question.before}\n{question.text}")


def look_up(wanted: Wanted, asked: str) -> Evidence:
    """Looks any text up, in transactions of its own. Raises `EmbeddingUnavailable`."""
    if wanted.space is None:
        return Evidence(asked)
    choice = _choice(wanted, wanted.space)
    embedder = model_choice.make_embedder(choice, hurried=True)
    started = time.monotonic()
    vector = [float(value) for value in embedder.embed_question(asked, _spoken(wanted))]
    calls = _calls(choice, asked, started)
    found = retrieval.find(
        company_id=wanted.company_id,
        agent_id=wanted.agent_id,
        space=wanted.space,
        vector=vector,
        question=asked,
        languages=wanted.languages,
        most=max(wanted.most, _CANDIDATES),
    )
    ranking = _ranked(asked, _spoken(wanted), found)
    passages = [replace(found[at], score=score) for at, score in ranking.order[: wanted.most]]
    return Evidence(asked, passages, ranking.standing, embedder, calls)


def _ranked(asked: str, spoken: str, found: Sequence[Passage]) -> Ranking:
    searched = [
        Found(f"{each.title} {' '.join(each.heading_path)} {each.text}", each.cosine, each.language) for each in found
    ]
    return ranked(asked, spoken, searched)


def _spoken(wanted: Wanted) -> str:
    return wanted.languages[0] if wanted.languages else UNDETERMINED


def _wanted(question: Question, spoken: str) -> Wanted:
    return Wanted(
        company_id=question.company_id,
        agent_id=question.agent_id,
        space=question.space,
        choice=question.choice.embedding,
        languages=(spoken, *question.document_languages),
    )


def _choice(wanted: Wanted, space: str) -> EmbeddingChoice:
    """The model of the space that the documents are in: while another one is being built, not the one wanted."""
    for each in (wanted.choice, BUILTIN_EMBEDDING):
        if each.space == space:
            return each
    with transaction():
        enter_company(wanted.company_id)
        return embedding_spaces.choice_for(company_id=wanted.company_id, agent_id=wanted.agent_id, space=space)


def _calls(choice: EmbeddingChoice, asked: str, started: float) -> list[Call]:
    if choice.provider_type is ProviderType.BUILTIN:
        return []
    record = CallRecord(
        provider=choice.provider_type,
        model=choice.model,
        outcome=Outcome.OK,
        error_code=None,
        input_tokens=estimate_tokens(asked),
        output_tokens=0,
        estimated=True,
        ttft_ms=None,
        total_ms=round((time.monotonic() - started) * 1000),
        attempt=1,
    )
    return [Call(record, choice.provider_name, ModelType.EMBEDDING, choice.input_price, None, choice.currency)]
