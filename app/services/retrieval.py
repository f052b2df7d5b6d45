"""Finding the passages that answer a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from cachetools import TTLCache

from app.ai import language
from app.core.tenancy import enter_company
from app.core.transaction import single_statement, transaction
from app.repositories import passages
from app.repositories.passages import EXACT_UP_TO, LIVE_UP_TO, Passage, Way, Words

# How many languages' dictionaries a question is looked up with.
_MOST_LANGUAGES = 4
# So many passages with a question's words are ranked, at 6 µs each. In larger sets the most frequent words, which tell
# the least, aren't looked for. Twice as many took as long as 100 more candidates of the vectors' index, which are worth
# more: of 200 questions to half a million passages 91 % were found first, with these 93 %.
_MOST_RANKED = 1_000
_SAMPLE = 1_000
_ways: TTLCache[tuple[UUID, str], Way] = TTLCache(maxsize=10_000, ttl=60)


@dataclass(frozen=True)
class _Vocabulary:
    """How many passages an agent has, those of deleted documents, too, which are ranked and left out; and, if they are
    many, how many have a word. Those of rare words aren't known."""

    passages: int
    having: Mapping[str, float]


_vocabularies: TTLCache[UUID, _Vocabulary] = TTLCache(maxsize=10_000, ttl=600)
_lock = Lock()


def find(
    *,
    company_id: UUID,
    agent_id: UUID,
    space: str,
    vector: Sequence[float],
    question: str,
    languages: Sequence[str],
    most: int = 8,
) -> list[Passage]:
    """The passages of the agent's live documents that fit best, best first.

    `vector` is the question's in `space`; `languages` are the question's own and those of the documents, in order of
    importance. Needs no transaction: mostly it is one statement.
    """
    vocabulary, way = _known(company_id, agent_id, space)
    words = _words(question, languages)
    asked: Sequence[Words] | Sequence[str] = words
    if vocabulary.passages > _MOST_RANKED:
        with single_statement():
            lexemes = passages.lexemes(words)
        asked = _telling(lexemes, vocabulary)
    with single_statement():
        return passages.search(
            company_id=company_id,
            agent_id=agent_id,
            space=space,
            vector=vector,
            asked=asked,
            most=most,
            way=way,
        )


def forget() -> None:
    """Forgets what is remembered about agents."""
    with _lock:
        _vocabularies.clear()
        _ways.clear()


def _words(question: str, languages: Sequence[str]) -> list[Words]:
    found: dict[str, Words] = {}
    for each in list(dict.fromkeys(languages))[:_MOST_LANGUAGES] or ["und"]:
        configuration = language.text_search_config(each)
        terms = " ".join(language.query_terms(question))
        if terms:
            found.setdefault(configuration, Words(configuration, terms))
    return list(found.values())


def _telling(lexemes: Sequence[str], vocabulary: _Vocabulary) -> list[str]:
    """The rarest, as many as are cheap enough to look for."""
    telling, ranked = [], 0.0
    for lexeme in sorted(lexemes, key=lambda each: vocabulary.having.get(each, 0)):
        ranked += vocabulary.having.get(lexeme, 0)
        if ranked > _MOST_RANKED:
            break
        telling.append(lexeme)
    return telling


def _known(company_id: UUID, agent_id: UUID, space: str) -> tuple[_Vocabulary, Way]:
    """The agent's vocabulary, and the way in which its vectors in the space are searched."""
    with _lock:
        vocabulary, way = _vocabularies.get(agent_id), _ways.get((agent_id, space))
    if vocabulary is not None and way is not None:
        return vocabulary, way
    with transaction():
        enter_company(company_id)
        vocabulary = vocabulary or _vocabulary(company_id, agent_id)
        way = _way(company_id, agent_id, space)
    with _lock:
        _vocabularies[agent_id], _ways[(agent_id, space)] = vocabulary, way
    return vocabulary, way


def _vocabulary(company_id: UUID, agent_id: UUID) -> _Vocabulary:
    number = passages.count(company_id=company_id, agent_id=agent_id).stored
    return _Vocabulary(number, _frequent_words(company_id, agent_id, number))


def _frequent_words(company_id: UUID, agent_id: UUID, number: int) -> Mapping[str, float]:
    if number <= _MOST_RANKED:
        return {}
    each = number / _SAMPLE
    least = max(3, round(_MOST_RANKED / 10 / each))
    sampled = passages.count_words(company_id=company_id, agent_id=agent_id, sample=_SAMPLE, least=least)
    return {word: found * each for word, found in sampled.items()}


def _way(company_id: UUID, agent_id: UUID, space: str) -> Way:
    most = EXACT_UP_TO + 1
    if passages.count_up_to(company_id=company_id, agent_id=agent_id, space=space, most=most) < most:
        return Way.EVERY
    return Way.LIVE if passages.count(company_id=company_id, agent_id=agent_id).live <= LIVE_UP_TO else Way.INDEX
