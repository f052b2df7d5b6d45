"""Finding the passages that answer a question."""

from collections.abc import Sequence
from uuid import UUID

from cachetools import TTLCache

from app.ai import language
from app.repositories import passages
from app.repositories.passages import EXACT_UP_TO, Passage, Words

# How many languages' dictionaries a question is looked up with.
_MOST_LANGUAGES = 4
# In large sets a word that stands in more than this share of the passages costs much and tells little.
_COMMON_SHARE = 0.005
_common: TTLCache[None, list[str]] = TTLCache(maxsize=1, ttl=600)
_small: TTLCache[tuple[UUID, str], bool] = TTLCache(maxsize=10_000, ttl=60)


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
    importance.
    """
    exact = _is_small(company_id, agent_id, space)
    return passages.search(
        company_id=company_id,
        agent_id=agent_id,
        space=space,
        vector=vector,
        words=_words(question, languages),
        most=most,
        exact=exact,
        common=() if exact else _common_words(),
    )


def _words(question: str, languages: Sequence[str]) -> list[Words]:
    found: dict[str, Words] = {}
    for each in list(dict.fromkeys(languages))[:_MOST_LANGUAGES] or ["und"]:
        configuration = language.text_search_config(each)
        terms = " ".join(language.query_terms(question))
        if terms:
            found.setdefault(configuration, Words(configuration, terms))
    return list(found.values())


def _is_small(company_id: UUID, agent_id: UUID, space: str) -> bool:
    key = (agent_id, space)
    small = _small.get(key)
    if small is None:
        most = EXACT_UP_TO + 1
        counted = passages.count_up_to(company_id=company_id, agent_id=agent_id, space=space, most=most)
        small = _small[key] = counted < most
    return small


def _common_words() -> list[str]:
    if None not in _common:
        _common[None] = passages.common_words(least_share=_COMMON_SHARE)
    return _common[None]
