"""Search over the tables and columns of customers' databases, by meaning and by words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.ai.embedding import EmbeddingUnavailable
from app.core import tenancy
from app.core.transaction import transaction
from app.errors import NotFound, Unavailable
from app.models.database_table import DatabaseTable
from app.repositories import database_connections, database_search, database_tables
from app.repositories.database_search import FoundColumn, FoundTable, Place
from app.security.principal import Principal
from app.services import embedding_spaces, model_choice
from app.textsql import wording

_MOST_CONNECTIONS = 20
# Words weigh more than in documents: a name or a value that the question has is what it is about.
_MEANING, _WORDS = 0.5, 0.5
# A column is in a table: one called `total` fits a question about orders better in `orders`.
_OF_THE_TABLE = 0.5
_CANDIDATES = 60

Vector = Sequence[float]


@dataclass(frozen=True)
class Hit:
    """A table, or a column of it, that fits. `score` is 0 to 1 among those that were found together."""

    connection_id: UUID
    table: DatabaseTable
    score: float
    column: FoundColumn | None = None


@dataclass(frozen=True)
class _Asked:
    """A connection to look in, with the question's vector in its space; None: only words are compared."""

    place: Place
    vector: Vector | None


def search(principal: Principal, *, query: str, connection_id: UUID | None, limit: int) -> list[Hit]:
    """The tables and columns that fit best, best first, of one connection or of all. Waits for embedding models, so it
    opens its own transactions. Raises `NotFound`."""
    company_id = principal.company()
    asked = _ask(company_id, query, connection_id)
    words = wording.query_words(query)
    hits: list[Hit] = []
    with transaction():
        tenancy.enter_company(company_id)
        for each in asked:
            hits += _hits(company_id, each, words, limit)
    return sorted(hits, key=lambda hit: -hit.score)[:limit]


def rank_tables(*, company_id: UUID, connection_id: UUID, question: str) -> dict[UUID, float]:
    """How well each live table of a connection fits a question, 0 to 1, by id; its best column counts as well. Opens
    its own transactions. Raises `NotFound`."""
    places = _ask(company_id, question, connection_id)
    if not places:
        return {}  # it has not been analysed
    asked = places[0]
    words = wording.query_words(question)
    with transaction():
        tenancy.enter_company(company_id)
        scores = _table_scores(company_id, asked, words)
        columns = _column_scores(company_id, asked, words)
    best: dict[UUID, float] = {}
    for column, score in columns:
        best[column.table_id] = max(score, best.get(column.table_id, 0.0))
    return {table_id: (score + _OF_THE_TABLE * best.get(table_id, 0.0)) / 1.5 for table_id, score in scores.items()}


def _ask(company_id: UUID, query: str, connection_id: UUID | None) -> list[_Asked]:
    with transaction():
        tenancy.enter_company(company_id)
        if connection_id is not None and not database_connections.get(
            company_id=company_id, connection_id=connection_id
        ):
            raise NotFound
        places = database_search.find_places(
            company_id=company_id, connection_id=connection_id, limit=_MOST_CONNECTIONS
        )
        embedders = {place.space: _embedder(company_id, place) for place in places}
    vectors = {space: make and make(query) for space, make in embedders.items()}
    return [_Asked(place, vectors[place.space]) for place in places]


def _embedder(company_id: UUID, place: Place) -> Callable[[str], Vector | None] | None:
    """What makes a question's vector in the space of a connection; None where nothing does any more."""
    if place.space is None:
        return None
    try:
        choice = embedding_spaces.choice_for(company_id=company_id, agent_id=place.agent_id, space=place.space)
    except Unavailable:
        return None

    def make(query: str) -> Vector | None:
        try:
            vector: Vector = model_choice.make_embedder(choice, hurried=True).embed_queries([query])[0].tolist()
        except EmbeddingUnavailable:
            return None
        return vector

    return make


def _hits(company_id: UUID, asked: _Asked, words: Sequence[str], limit: int) -> list[Hit]:
    of_tables = _table_scores(company_id, asked, words)
    of_columns = sorted(
        (
            ((score + _OF_THE_TABLE * of_tables.get(column.table_id, 0.0)) / (1 + _OF_THE_TABLE), column)
            for column, score in _column_scores(company_id, asked, words)
        ),
        key=lambda each: (-each[0], each[1].name),
    )[:limit]
    nearest = sorted(of_tables.items(), key=lambda each: -each[1])[:limit]
    wanted = {table_id for table_id, _ in nearest} | {column.table_id for _, column in of_columns}
    tables = database_tables.find_by_ids(company_id=company_id, table_ids=sorted(wanted))
    connection_id = asked.place.connection_id
    hits = [Hit(connection_id, tables[table_id], score) for table_id, score in nearest if table_id in tables]
    hits += [
        Hit(connection_id, tables[column.table_id], score, column)
        for score, column in of_columns
        if column.table_id in tables
    ]
    return hits


def _table_scores(company_id: UUID, asked: _Asked, words: Sequence[str]) -> dict[UUID, float]:
    found = database_search.rank_tables(company_id=company_id, place=asked.place, vector=asked.vector, words=words)
    return {each.id: score for each, score in zip(found, _fused(found), strict=True)}


def _column_scores(company_id: UUID, asked: _Asked, words: Sequence[str]) -> list[tuple[FoundColumn, float]]:
    found = database_search.rank_columns(
        company_id=company_id, place=asked.place, vector=asked.vector, words=words, most=_CANDIDATES
    )
    return list(zip(found, _fused(found), strict=True))


def _fused(found: Sequence[FoundTable | FoundColumn]) -> list[float]:
    """Both measures scaled to 0..1 between their worst and their best, and added up."""
    near = _scaled([each.cosine for each in found])
    worded = _scaled([each.rank or 0.0 for each in found], least=0.0)
    return [round(_MEANING * cosine + _WORDS * rank, 4) for cosine, rank in zip(near, worded, strict=True)]


def _scaled(values: Sequence[float | None], least: float | None = None) -> list[float]:
    known = [value for value in values if value is not None]
    if not known:
        return [0.0] * len(values)
    low, high = min(known) if least is None else least, max(known)
    span = high - low
    return [0.0 if value is None else ((value - low) / span if span > 0 else float(high > 0)) for value in values]
