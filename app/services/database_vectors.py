"""Vectors of a customer's tables and columns: made for what is new, in the space of the agent's embedding model.

A table has a text of its own. Columns share one with every other column of their name: in a schema of thirty thousand
columns a few thousand names. Beyond `_MOST_TEXTS` of them the vector is put together from those of the name's words,
of which there are fewer still (docs/decisions/0016).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from uuid import UUID

import numpy as np

from app.ai.embedding import EmbeddingUnavailable, Vectors, normalised
from app.core import tenancy
from app.core.transaction import transaction
from app.models.database_connection import AnalysisStage, DatabaseConnection
from app.repositories import database_vectors, model_calls
from app.services import model_choice, passage_vectors
from app.services.database_lease import AnalysisLease
from app.services.model_choice import EmbeddingChoice
from app.services.passage_vectors import Made, Owner
from app.textsql import wording
from app.textsql.names import words_of

_MOST_TEXTS = 2_000
_MOST_WORDS = 4_000
_ALL = 100

# A transaction for the connection's company, by which the work stays the worker's own; told the percentage done.
Storing = Callable[[int], AbstractContextManager[None]]


@dataclass(frozen=True)
class _Text:
    """A text in the shape of a passage. Its key is its hash, which is as long as an id."""

    key: str
    text: str
    heading_path: Sequence[str] = ()

    @property
    def chunk_id(self) -> UUID:
        return UUID(self.key)


@dataclass(frozen=True)
class _Described:
    """By which text (its key) each table and column is described, and the texts by their keys."""

    tables: Mapping[UUID, str]
    columns: Mapping[UUID, str]
    table_texts: Mapping[str, str]
    column_texts: Mapping[str, str]


def embed(connection: DatabaseConnection, lease: AnalysisLease) -> str | None:
    """Makes the vectors that are missing, and says in which space; None when the model can't be asked: tables are then
    found by their words alone. Raises `LeaseLost`."""

    def storing(percent: int) -> AbstractContextManager[None]:
        return lease.storing(analysis_stage=AnalysisStage.EMBEDDING, analysis_progress=percent)

    lease.report(AnalysisStage.EMBEDDING)
    with transaction():
        tenancy.enter_company(connection.company_id)
        choice = model_choice.find(company_id=connection.company_id, agent_id=connection.agent_id).embedding
    try:
        described = _make(connection, choice, storing)
    except EmbeddingUnavailable:
        return None
    with lease.storing(embedding_space=choice.space):
        _settle(connection, choice, described)
    return choice.space


def move(connection: DatabaseConnection, choice: EmbeddingChoice, storing: Storing) -> None:
    """Makes a connection's vectors anew by another model, beside the ones that it is searched by until then; the
    customer's server isn't asked. An analysis that runs meanwhile does it in its place. Raises `EmbeddingUnavailable`,
    and what `storing` does."""
    described = _make(connection, choice, storing)
    with storing(_ALL):
        if database_vectors.switch(
            company_id=connection.company_id,
            connection_id=connection.id,
            attempt=connection.attempt,
            space=choice.space,
        ):
            _settle(connection, choice, described)


def _settle(connection: DatabaseConnection, choice: EmbeddingChoice, described: _Described) -> None:
    own = {"company_id": connection.company_id, "connection_id": connection.id}
    database_vectors.set_keys(**own, tables=described.tables, columns=described.columns)
    kept = [*described.table_texts, *described.column_texts]
    database_vectors.delete_others(**own, space=choice.space, kept=kept)


def _describe(company_id: UUID, connection_id: UUID) -> _Described:
    columns = database_vectors.find_columns(company_id=company_id, connection_id=connection_id)
    names: dict[UUID, list[str]] = {}
    for column in columns:
        names.setdefault(column.table_id, []).append(column.name)
    tables = {
        table.id: wording.table_text(table.name, table.description, names.get(table.id, []))
        for table in database_vectors.find_tables(company_id=company_id, connection_id=connection_id)
    }
    texts = {column.id: wording.column_text(column.name, column.comment) for column in columns}
    return _Described(
        tables={row_id: key_of(text) for row_id, text in tables.items()},
        columns={row_id: key_of(text) for row_id, text in texts.items()},
        table_texts={key_of(text): text for text in tables.values()},
        column_texts={key_of(text): text for text in texts.values()},
    )


def key_of(text: str) -> str:
    """What a text's vector is stored under."""
    return sha256(text.encode()).hexdigest()[:32]


def _make(connection: DatabaseConnection, choice: EmbeddingChoice, storing: Storing) -> _Described:
    own = {"company_id": connection.company_id, "connection_id": connection.id}
    with transaction():
        tenancy.enter_company(connection.company_id)
        known = database_vectors.find_keys(**own, space=choice.space)
        described = _describe(**own)
    columns = [_Text(key, text) for key, text in described.column_texts.items() if key not in known]
    direct, composed = columns[:_MOST_TEXTS], columns[_MOST_TEXTS:]
    words = list(dict.fromkeys(word for each in composed for word in words_of(each.text)))[:_MOST_WORDS]
    tables = [_Text(key, text) for key, text in described.table_texts.items() if key not in known]
    texts = [*tables, *direct]
    done, total = 0, len(texts) + len(words)
    for batch in _batches(texts, passage_vectors.batch_size(choice)):
        made = passage_vectors.make(choice, batch, _owner(connection))
        done += len(batch)
        with storing(_ALL * done // total):
            _store(connection, made, [each.key for each in batch])
    if composed:
        vectors: dict[str, Vectors] = {}
        for batch in _batches([_Text(key_of(word), word) for word in words], passage_vectors.batch_size(choice)):
            made = passage_vectors.make(choice, batch, _owner(connection))
            done += len(batch)
            vectors |= {each.text: vector for each, vector in zip(batch, made.vectors, strict=True)}
            with storing(_ALL * done // total):
                _store(connection, made, [])
        for batch in _batches(composed, 1_000):
            with storing(_ALL):
                _store_composed(connection, choice, batch, vectors)
    return described


def _store(connection: DatabaseConnection, made: Made, keys: Sequence[str]) -> None:
    if keys:
        database_vectors.add_many(
            company_id=connection.company_id,
            connection_id=connection.id,
            space=made.space,
            keys=keys,
            vectors=made.vectors,
        )
    if made.call is not None:
        model_calls.add_all([made.call])


def _store_composed(
    connection: DatabaseConnection, choice: EmbeddingChoice, batch: Sequence[_Text], vectors: Mapping[str, Vectors]
) -> None:
    parts = {each.key: [vectors[word] for word in words_of(each.text) if word in vectors] for each in batch}
    keys = [key for key, found in parts.items() if found]
    if keys:
        means = normalised(np.stack([np.mean(parts[key], axis=0) for key in keys]))
        database_vectors.add_many(
            company_id=connection.company_id,
            connection_id=connection.id,
            space=choice.space,
            keys=keys,
            vectors=means,
        )


def _owner(connection: DatabaseConnection) -> Owner:
    return Owner(connection.company_id, connection.agent_id)


def _batches(items: Sequence[_Text], size: int) -> Iterator[list[_Text]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
