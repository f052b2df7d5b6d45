"""The application's search as `scripts/bench/search` asks it: in this process, with the runtime role."""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2.extensions
from search_corpus import SPACE, Company, Question
from search_database import Database


@dataclass(frozen=True)
class Judgement:
    """Recall@10 of the vectors alone; whether the right passage is the first of ours, and of the exact one."""

    recall: float
    right: bool
    right_exactly: bool


@dataclass(frozen=True)
class Answer:
    """What a search took, in ms; `cpu` of all Postgres processes of the application's pool."""

    wall: float
    cpu: float


class Search:
    """The application's search."""

    def __init__(self, database: Database) -> None:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        self.database = database
        self._spent = threading.local()
        self._app = _application(database)
        event.listen(Engine, "before_cursor_execute", self._begin)
        event.listen(Engine, "after_cursor_execute", self._end)
        self._pids: set[int] = set()
        self.restart()

    def find(self, question: Question) -> Answer:
        """Asks as web and workers do."""
        from app.services import retrieval

        before = self._cpu()
        company = question.company
        self._in_transaction(
            company,
            retrieval.find,
            company_id=company.id,
            agent_id=company.agent_id,
            space=SPACE,
            vector=question.vector,
            question=question.text,
            languages=["en"],
            most=10,
        )
        return Answer(self._spent.wall * 1000, self._cpu() - before)

    def judge(self, question: Question) -> Judgement:
        """Compares with all vectors compared and all passages with any of the words ranked."""
        from app.repositories.passages import Way
        from app.services import retrieval

        company = question.company
        lexemes = self._in_transaction(company, self._lexemes, question.text)
        way = self._in_transaction(company, retrieval._way, company.id, company.agent_id, SPACE)
        vocabulary = self._in_transaction(company, retrieval._vocabulary, company.id, company.agent_id)
        told = retrieval._telling(lexemes, vocabulary)
        exact = set(self._passages(question, [], Way.EVERY))
        found = set(self._passages(question, [], way))
        return Judgement(
            len(found & exact) / len(exact) if exact else 1.0,
            self._passages(question, told, way)[:1] == [question.about],
            self._passages(question, lexemes, Way.EVERY)[:1] == [question.about],
        )

    def way(self, company: Company) -> str:
        """How the company is searched."""
        from app.services import retrieval

        return str(self._in_transaction(company, retrieval._way, company.id, company.agent_id, SPACE))

    def reconnect(self) -> None:
        """The next search opens a connection of its own."""
        from app.db import db

        with self._app.app_context():
            db.engine.dispose()
        self._pids.clear()

    def restart(self) -> None:
        """Forgets what the process knows about agents."""
        from app.services import retrieval

        self.reconnect()
        retrieval.forget()

    def _lexemes(self, text: str) -> list[str]:
        from app.repositories import passages
        from app.services import retrieval

        return passages.lexemes(retrieval._words(text, ["en"]))

    def _passages(self, question: Question, lexemes: Sequence[str], way: Any) -> list[UUID]:
        from app.repositories import passages

        found = self._in_transaction(
            question.company,
            passages.search,
            company_id=question.company.id,
            agent_id=question.company.agent_id,
            space=SPACE,
            vector=question.vector,
            asked=lexemes,
            most=10,
            way=way,
        )
        return [each.chunk_id for each in found]

    def _in_transaction(self, company: Company, function: Any, *arguments: Any, **named: Any) -> Any:
        from app.core.tenancy import enter_company
        from app.core.transaction import transaction

        with self._app.app_context(), transaction() as session:
            enter_company(company.id)
            self._pids.add(session.connection().connection.dbapi_connection.info.backend_pid)
            self._spent.wall = 0.0
            return function(*arguments, **named)

    def _begin(self, *_: object) -> None:
        self._spent.started = time.perf_counter()

    def _end(self, *_: object) -> None:
        self._spent.wall = getattr(self._spent, "wall", 0.0) + time.perf_counter() - self._spent.started

    def _cpu(self) -> float:
        """CPU milliseconds that the application's Postgres processes have used so far."""
        total = 0
        for pid in list(self._pids):
            try:
                total += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
            except OSError:
                continue
        return total / 1e6


def _application(database: Database) -> Any:
    os.environ.update(database.environment)
    from app import create_app
    from app.config import Settings

    application = create_app(Settings.from_env())
    # The owner's builds take longer than the application would wait.
    psycopg2.extensions.set_wait_callback(None)
    return application
