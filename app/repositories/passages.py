"""Hybrid retrieval: the passages of an agent's live documents that are nearest to a question in meaning and in words.

One statement looks both ways and fuses by normalised scores: the first 50 of each way are scaled to 0..1 between
their best and their worst, then 0.35 of words and 0.65 of meaning are added up (measured better than rank fusion on
six languages, docs/measurements.md). Whatever is deleted is left out here, in the query.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.types import String

from app.core.tenancy import entering
from app.core.transaction import session
from app.models.chunk_embedding import INDEXED_DIMENSIONS

# Up to this many passages every vector is compared: exact, and faster than the index while the set is small.
EXACT_UP_TO = 20_000
# Of more, these few may be live: looked up one by one, at 4 µs each. An index that is full of deleted ones takes longer
# and misses more than one of ten (docs/measurements.md).
LIVE_UP_TO = 12_000

# The order comes first and what is deleted is left out on the way down: the other way round every passage of the agent
# would be looked up, which OFFSET keeps Postgres from, whatever it expects (25 times as long for 20,000 passages).
_EXACT = """
    SELECT e.chunk_id AS id, e.cosine FROM (
        SELECT chunk_id, -(vector <#> CAST(:vector AS halfvec)) AS cosine FROM chunk_embeddings
        WHERE company_id = :company AND agent_id = :agent AND space = :space ORDER BY cosine DESC
    ) e
    WHERE EXISTS (SELECT FROM chunks c JOIN documents d ON d.id = c.document_id AND d.company_id = :company
        WHERE c.id = e.chunk_id AND c.company_id = :company AND c.deleted_at IS NULL
            AND d.deleted_at IS NULL AND d.generation = c.generation OFFSET 0)
    ORDER BY e.cosine DESC LIMIT :depth
"""
# OFFSET and LIMIT 1 keep Postgres from reading all vectors of the agent instead: it can't know how few are live.
_LIVE = """
    SELECT c.id, -(e.vector <#> CAST(:vector AS halfvec)) AS cosine FROM documents d
    CROSS JOIN LATERAL (
        SELECT id FROM chunks WHERE company_id = :company AND document_id = d.id AND generation = d.generation
            AND deleted_at IS NULL OFFSET 0
    ) c
    CROSS JOIN LATERAL (
        SELECT vector FROM chunk_embeddings WHERE company_id = :company AND chunk_id = c.id AND space = :space LIMIT 1
    ) e
    WHERE d.company_id = :company AND d.agent_id = :agent AND d.deleted_at IS NULL
    ORDER BY cosine DESC LIMIT :depth
"""
_OF_LEXEMES = "CAST(:lexemes AS tsquery)"
_OF_WORDS = "frontdesk_any_word(CAST(:configurations AS text[]), CAST(:words AS text[]))"
# A function, for it runs for nearly every message and its plan is kept (migration 0020). The others stay statements:
# how they are best run depends on the agent.
_SEARCH_EVERY = (
    "SELECT * FROM frontdesk_search_every(:company, :agent, :space, CAST(:vector AS halfvec), {asked}, :depth, :most)"
)
_NEAREST_LIVE = "nearest AS MATERIALIZED ({live})"
# A scan of the index gives up where nearly all that is near is deleted or others'; then every vector is compared.
_NEAREST_INDEXED = """
    indexed AS MATERIALIZED (
        SELECT id, cosine FROM frontdesk_find_nearest(:company, :agent, :space, CAST(:vector AS halfvec), :depth)
    ),
    nearest AS MATERIALIZED (
        SELECT id, cosine FROM indexed WHERE (SELECT count(*) FROM indexed) = :depth
        UNION ALL SELECT id, cosine FROM ({exact}) AS every_one WHERE (SELECT count(*) FROM indexed) < :depth
    )
"""
_SEARCH = """
    WITH {nearest},
    worded AS MATERIALIZED (
        SELECT id, rank FROM frontdesk_find_worded(:company, :agent, {asked}, :depth)
    ),
    near_range AS (SELECT min(cosine) AS low, max(cosine) AS high, avg(cosine) AS mean FROM nearest),
    word_range AS (SELECT min(rank) AS low, max(rank) AS high FROM worded),
    fused AS (
        SELECT id, n.cosine, coalesce(w.rank, 0) AS rank,
            0.65 * coalesce((n.cosine - near_range.low) / nullif(near_range.high - near_range.low, 0),
                CASE WHEN n.cosine IS NULL THEN 0 ELSE 1 END)
            + 0.35 * coalesce((w.rank - word_range.low) / nullif(word_range.high - word_range.low, 0),
                CASE WHEN w.rank IS NULL THEN 0 ELSE 1 END) AS score
        FROM nearest n FULL JOIN worded w USING (id) CROSS JOIN near_range CROSS JOIN word_range
        ORDER BY score DESC, id LIMIT :most
    )
    SELECT c.id AS chunk_id, c.document_id, d.title, d.url, d.source, d.kind, c.text, c.heading_path, c.page,
        c.page_end, c.start, c."end", c.language, f.score,
        coalesce(f.cosine, (SELECT -(e.vector <#> CAST(:vector AS halfvec)) FROM chunk_embeddings e
            WHERE e.company_id = :company AND e.chunk_id = c.id AND e.space = :space), 0) AS cosine,
        f.rank, near_range.mean AS mean_cosine
    FROM fused f CROSS JOIN LATERAL (SELECT * FROM chunks p WHERE p.id = f.id OFFSET 0) c
    CROSS JOIN LATERAL (SELECT * FROM documents o WHERE o.id = c.document_id OFFSET 0) d CROSS JOIN near_range
    WHERE c.company_id = :company AND d.company_id = :company
    ORDER BY f.score DESC, c.id
"""
_COUNT = text(
    "SELECT count(*) FROM (SELECT 1 FROM chunk_embeddings"
    " WHERE company_id = :company AND agent_id = :agent AND space = :space LIMIT :most) AS counted"
)
_COUNT_PASSAGES = text(
    "SELECT coalesce(sum(chunk_count) FILTER (WHERE deleted_at IS NULL), 0) AS live,"
    " coalesce(sum(chunk_count), 0) AS stored FROM documents WHERE company_id = :company AND agent_id = :agent"
)
# Documents give as many passages as are their share, and those at random places; LIMIT keeps Postgres, which expects
# far more of them, from reading all passages instead.
_COUNT_WORDS = text("""
    WITH stored AS MATERIALIZED (
        SELECT id, generation, chunk_count, sum(chunk_count) OVER () AS total FROM documents
        WHERE company_id = :company AND agent_id = :agent AND chunk_count > 0
    ),
    drawn AS MATERIALIZED (
        SELECT *, floor(CAST(:sample AS float) * chunk_count / total + random()) AS number FROM stored
    ),
    places AS MATERIALIZED (
        SELECT id, generation, CAST(floor((k - random()) * chunk_count / number) AS int) AS position
        FROM drawn, generate_series(1, CAST(number AS int)) AS k
    )
    SELECT word, count(*) AS number FROM places p
    CROSS JOIN LATERAL (
        SELECT search FROM chunks WHERE company_id = :company AND document_id = p.id AND generation = p.generation
            AND position = p.position LIMIT 1
    ) c, unnest(tsvector_to_array(c.search)) AS word
    GROUP BY word HAVING count(*) >= :least
""")


class Way(StrEnum):
    """How the nearest vectors are found: all of an agent's are compared, or those of its live passages, both of which
    is exact; or those that an index leads to."""

    EVERY = "every"
    LIVE = "live"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage that fits a question. `score` is fused, 0 to 1; `cosine` is between the vectors, `mean_cosine` that
    of the nearest 50; `start` and `end` are characters of the document's text."""

    chunk_id: UUID
    document_id: UUID
    title: str
    url: str | None
    source: str
    kind: str | None
    text: str
    heading_path: Sequence[str]
    page: int | None
    page_end: int | None
    start: int
    end: int
    language: str | None
    score: float
    cosine: float
    rank: float
    mean_cosine: float


class Counted(NamedTuple):
    """Numbers of an agent's passages: those of live documents, and those of deleted ones, too."""

    live: int
    stored: int


@dataclass(frozen=True, slots=True)
class Words:
    """A question's words for one text search configuration, separated by spaces."""

    configuration: str
    words: str


def search(
    *,
    company_id: UUID,
    agent_id: UUID,
    space: str,
    vector: Sequence[float],
    asked: Sequence[str] | Sequence[Words],
    most: int,
    way: Way,
    depth: int = 50,
) -> list[Passage]:
    """The best passages, best first. `vector` is the question's, of length 1, in `space`; passages with any of the
    words that are `asked` for count as worded like it: words, or lexemes made of them by `lexemes`. May be a
    transaction by itself, and enters the company then."""
    parameters: dict[str, Any] = {
        "company": company_id,
        "agent": agent_id,
        "space": space,
        "vector": _literal(vector),
        "depth": depth,
        "most": most,
    }
    words = [each for each in asked if isinstance(each, Words)]
    if words:
        parameters |= {
            "configurations": [each.configuration for each in words],
            "words": [each.words for each in words],
        }
    else:
        parameters["lexemes"] = " | ".join(_quoted(each) for each in asked if isinstance(each, str))
    if way is Way.INDEX and len(vector) not in INDEXED_DIMENSIONS:
        way = Way.EVERY
    return [Passage(*row) for row in session().execute(_statement(way, bool(words), entering()), parameters)]


def lexemes(words: Sequence[Words]) -> list[str]:
    """Words as they are indexed: without stop words, cut to their stems. Of no company."""
    if not words:
        return []
    parameters = {}
    for number, each in enumerate(words):
        parameters[f"configuration_{number}"] = each.configuration
        parameters[f"words_{number}"] = each.words
    return list(session().scalar(_lexemes(len(words)), parameters) or [])


def count_words(*, company_id: UUID, agent_id: UUID, sample: int, least: int) -> dict[str, int]:
    """In how many of about `sample` passages, drawn at random from an agent's documents, words stand as they are
    indexed; only those in `least` or more."""
    parameters = {"company": company_id, "agent": agent_id, "sample": sample, "least": least}
    rows = session().execute(_COUNT_WORDS, parameters)
    return {row.word: row.number for row in rows}


def count(*, company_id: UUID, agent_id: UUID) -> Counted:
    """How many passages the agent's documents have."""
    return Counted(*session().execute(_COUNT_PASSAGES, {"company": company_id, "agent": agent_id}).one())


def count_up_to(*, company_id: UUID, agent_id: UUID, space: str, most: int) -> int:
    """How many vectors an agent has in a space, counted up to `most`."""
    parameters = {"company": company_id, "agent": agent_id, "space": space, "most": most}
    return session().scalar(_COUNT, parameters) or 0


@cache
def _statement(way: Way, of_words: bool, beginning: str) -> TextClause:
    asked = _OF_WORDS if of_words else _OF_LEXEMES
    if way is Way.EVERY:
        search = _SEARCH_EVERY.format(asked=asked)
    else:
        nearest = _NEAREST_INDEXED.format(exact=_EXACT) if way is Way.INDEX else _NEAREST_LIVE.format(live=_LIVE)
        search = _SEARCH.format(nearest=nearest, asked=asked)
    return text(beginning + search).bindparams(bindparam("vector", type_=String))


@cache
def _lexemes(configurations: int) -> TextClause:
    each = "to_tsvector(CAST(:configuration_{0} AS regconfig), :words_{0})"
    return text(f"SELECT tsvector_to_array({' || '.join(map(each.format, range(configurations)))})")


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def _literal(vector: Sequence[float]) -> str:
    return f"[{('%.5g,' * len(vector) % tuple(vector))[:-1]}]"
