"""Whose work is next, so that nobody waits for as long as another company's documents take.

Workers are woken in the order in which documents came, and one book, or a thousand small files, of one company would
hold back everybody else's. So whoever is woken first does a document of a company that nothing is being done for, and
while work lasts, such documents come in beside it, in threads of the same process; so does one analysis of a database,
or one agent's vectors, at a time.
"""

import contextvars
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from app.core.clock import now
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.repositories import database_work, document_work
from app.repositories import embedding_spaces as spaces
from app.repositories.database_work import DueConnection
from app.repositories.document_work import DueDocument
from app.repositories.embedding_spaces import DueAgent
from app.services import database_analysis, embedding_spaces, ingestion
from app.services.database_patience import when_database_is_back

log = logging.getLogger(__name__)

# Most documents are done sooner, and nobody has to come in beside them.
_LOOK_SECONDS = 3.0
# Of one process: each reads its file with limits of its own on memory, and holds its passages.
_MOST_GUESTS = 3

_places = threading.BoundedSemaphore(_MOST_GUESTS)
# Of what isn't a document: these may take hours, and no document shall wait for a place that they have.
_place_of_others = threading.BoundedSemaphore(1)


class _Context:
    enter: Callable[[], AbstractContextManager[Any]]


def bind(context: Callable[[], AbstractContextManager[Any]]) -> None:
    """Gives the threads the application context in which they may use the database."""
    _Context.enter = staticmethod(context)


def take(*, company_id: UUID, document_id: UUID) -> None:
    """What a worker does that was woken for a document: one attempt at it, after one at a document of a company that
    would have to wait for this one's."""
    with others_beside():
        waiting = _find_waiting()
        if waiting is not None and waiting.company_id != company_id:
            ingestion.ingest(company_id=waiting.company_id, document_id=waiting.document_id)
        ingestion.ingest(company_id=company_id, document_id=document_id)


@contextmanager
def others_beside() -> Iterator[None]:
    """While the block runs, work of companies that nothing is being done for comes in beside it: of documents, and of
    what else workers do, one at a time. Ends when the last of it is done."""
    over = threading.Event()
    doors = [_open(over, _places, _serve_document), _open(over, _place_of_others, _serve_other)]
    try:
        yield
    finally:
        over.set()
        for door in doors:
            door.join()


def _open(over: threading.Event, places: threading.Semaphore, serve: Callable[[], bool]) -> threading.Thread:
    run = contextvars.copy_context().run
    door = threading.Thread(target=run, args=(_let_in, over, places, serve), name="others' work")
    door.daemon = True  # a worker that is told to end waits for nobody: what is to be done outlives it
    door.start()
    return door


def _let_in(over: threading.Event, places: threading.Semaphore, serve: Callable[[], bool]) -> None:
    pause = _LOOK_SECONDS
    while not over.wait(pause):
        pause = _LOOK_SECONDS
        if not places.acquire(blocking=False):
            continue
        try:
            with _Context.enter():
                if serve():
                    pause = 0.0  # the next one has waited already
        except SQLAlchemyError as error:
            log.warning("no other work was looked for", extra={"reason": type(error).__name__})
        finally:
            places.release()


def _serve_document() -> bool:
    waiting = _find_waiting()
    if waiting is None:
        return False
    log.info("another company's document comes in beside", extra={"document": str(waiting.document_id)})
    with others_beside():
        ingestion.ingest(company_id=waiting.company_id, document_id=waiting.document_id)
    return True


def _serve_other() -> bool:
    """An analysis, which somebody waits for; else an agent's vectors, in whose place there are old ones."""
    connection = when_database_is_back(_find_waiting_connection)
    if connection is not None:
        log.info("another company's database comes in beside", extra={"connection": str(connection.connection_id)})
        with others_beside():
            database_analysis.analyze(company_id=connection.company_id, connection_id=connection.connection_id)
        return True
    agent = when_database_is_back(_find_waiting_agent)
    if agent is not None:
        log.info("another company's vectors come in beside", extra={"agent": str(agent.agent_id)})
        with others_beside():
            embedding_spaces.build(company_id=agent.company_id, agent_id=agent.agent_id)
    return agent is not None


def _find_waiting_connection() -> DueConnection | None:
    with transaction(), across_companies("whose turn it is depends on what is done for all companies"):
        return database_work.find_waiting_across_companies(now())


def _find_waiting_agent() -> DueAgent | None:
    with transaction(), across_companies("whose turn it is depends on what is done for all companies"):
        return spaces.find_waiting_across_companies(now())


def _find_waiting() -> DueDocument | None:
    # Or the first look after a restart of Postgres would end what its worker was woken for, and that waits for minutes.
    return when_database_is_back(_find_waiting_now)


def _find_waiting_now() -> DueDocument | None:
    with transaction(), across_companies("whose turn it is depends on what is done for all companies"):
        return document_work.find_waiting_across_companies(now())
