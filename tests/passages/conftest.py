"""Passages with vectors of their own, and the application's search in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.core import tenancy
from app.core.transaction import transaction
from app.models.chunk_embedding import ChunkEmbedding
from app.repositories import passages
from app.repositories.passages import Passage, Way
from app.services import retrieval
from tests.agent.rows import add_agent
from tests.cast import Cast
from tests.document.rows import add_chunks, add_document

SPACE = "test/model/384"


def towards(*axes: int) -> list[float]:
    """A vector of length 1 that points halfway between axes of the space."""
    vector = np.zeros(384)
    vector[list(axes)] = 1
    return [float(each) for each in vector / np.linalg.norm(vector)]


@dataclass(frozen=True)
class Shelf:
    """An agent's passages."""

    app: Flask
    database: Session
    company_id: UUID
    agent_id: UUID

    def add(self, *passages: tuple[str, Sequence[float]], generation: int = 1) -> tuple[UUID, list[UUID]]:
        """A document of passages, each a text and its vector: its id and theirs."""
        document = add_document(self.database, self.company_id, self.agent_id)
        ids = add_chunks(self.database, document, *(text for text, _ in passages), generation=generation)
        for chunk_id, (_, vector) in zip(ids, passages, strict=True):
            self.database.add(
                ChunkEmbedding(
                    company_id=self.company_id,
                    agent_id=self.agent_id,
                    chunk_id=chunk_id,
                    space=SPACE,
                    dimension=len(vector),
                    vector=list(vector),
                )
            )
        self.database.commit()
        return document, ids

    def search(
        self, vector: Sequence[float], *asked: Any, way: Way = Way.EVERY, most: int = 8, entered: UUID | None = None
    ) -> list[Passage]:
        """What the repository finds, as the application's role with the company entered."""
        with self.app.app_context(), transaction():
            tenancy.enter_company(entered or self.company_id)
            return passages.search(
                company_id=self.company_id,
                agent_id=self.agent_id,
                space=SPACE,
                vector=vector,
                asked=asked,
                most=most,
                way=way,
            )

    def find(self, question: str, vector: Sequence[float], *languages: str) -> list[str]:
        """The texts that the service finds, in transactions of its own."""
        with self.app.app_context():
            found = retrieval.find(
                company_id=self.company_id,
                agent_id=self.agent_id,
                space=SPACE,
                vector=vector,
                question=question,
                languages=languages or ("en",),
            )
        return [each.text for each in found]


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Nothing is remembered of agents of other tests."""
    yield
    retrieval.forget()


@pytest.fixture
def shelf(app: Flask, database: Session, cast: Cast) -> Shelf:
    """Acme's agent's passages, none yet."""
    return Shelf(app, database, cast.acme, add_agent(database, cast.acme).id)


@pytest.fixture
def globex(app: Flask, database: Session, cast: Cast) -> Shelf:
    """Those of globex."""
    return Shelf(app, database, cast.globex, add_agent(database, cast.globex).id)
