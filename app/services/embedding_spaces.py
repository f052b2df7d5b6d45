"""In which space an agent's passages are searched, and moving all of them to another one.

The vectors of the new model are built beside the old ones, which questions are compared with until the last passage has
its new vector; then the agent is switched, and the old vectors go.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.ai.embedding import Embedder, EmbeddingUnavailable
from app.core import tenancy
from app.core.clock import now
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.errors import Unavailable
from app.jobs import JobName, enqueue, send
from app.models.agent import Agent
from app.repositories import chunk_embeddings, chunks, database_vectors
from app.repositories import embedding_spaces as spaces
from app.repositories.chunk_embeddings import Unembedded
from app.services import database_vectors as connection_vectors
from app.services import model_choice, passage_vectors
from app.services.model_choice import BUILTIN_EMBEDDING, FORMER_EMBEDDING, EmbeddingChoice
from app.services.passage_vectors import Owner

log = logging.getLogger(__name__)

# Longer than the slowest batch: a provider may take its time-out at every try.
_LEASE = timedelta(seconds=180)
_PAUSE = timedelta(seconds=60)
_GRACE = timedelta(seconds=15)
_SWEEP_LIMIT = 100
_DELETED_AT_ONCE = 5_000
_DIMENSION = re.compile(r"/(\d+)(?:@[0-9a-f]+)?\Z")  # see EmbeddingChoice.space


class SpaceUnavailable(Unavailable):
    """The agent's vectors were made by a model whose settings are gone."""

    code = "ai_service_unavailable"
    detail = "The embedding model of these documents is not configured any more. Their vectors are being made anew."


def choice_for(*, company_id: UUID, agent_id: UUID, space: str | None) -> EmbeddingChoice:
    """The embedding model of a space, for an agent: the one that its settings name if that makes this space (or there
    is none yet), else the builtin one, as it is or as it was, else one of the company's other settings, else another
    model where one of them leads to: it was chosen there before. Raises `SpaceUnavailable`."""
    wanted = model_choice.find(company_id=company_id, agent_id=agent_id).embedding
    if space is None:
        return wanted
    others = (model_choice.embedding_of(row) for row in spaces.find_embedding_settings(company_id=company_id))
    for each in (wanted, BUILTIN_EMBEDDING, FORMER_EMBEDDING, *others):
        if each.space == space:
            return each
    return _chosen_before(company_id, space)


def _chosen_before(company_id: UUID, space: str) -> EmbeddingChoice:
    # Otherwise who changes the model in their settings would be without answers until all vectors are made anew.
    found = _DIMENSION.search(space)
    rows = spaces.find_models_within_reach(company_id=company_id, dimension=int(found[1])) if found else ()
    for each in map(model_choice.embedding_of, rows):
        if each.space == space:
            return each
    raise SpaceUnavailable


def embedder_for(agent: Agent) -> Embedder:
    """The model that the agent's vectors were made by, which is what questions have to be embedded with. Raises
    `SpaceUnavailable`."""
    choice = choice_for(company_id=agent.company_id, agent_id=agent.id, space=agent.embedding_space)
    return passage_vectors.embedder(choice)


def follow_settings(*, company_id: UUID, agent_id: UUID | None) -> None:
    """Has the vectors of an agent, or of all agents of the company, made anew where the settings name another embedding
    model than the one that made them."""
    for each in [agent_id] if agent_id else spaces.find_agent_ids(company_id=company_id):
        agent = spaces.lock_agent(company_id=company_id, agent_id=each)
        if agent is not None:
            _follow(agent)


def complete(*, company_id: UUID, agent_id: UUID) -> None:
    """Has vectors made that are missing: of a document that was deleted while the others moved. Asks again which
    languages there are."""
    agent = spaces.lock_agent(company_id=company_id, agent_id=agent_id)
    if agent is None:
        return
    languages = languages_of(company_id=company_id, agent_id=agent_id)
    spaces.set_spaces(company_id=company_id, agent_id=agent_id, values={"document_languages": languages})
    if agent.embedding_space and _missing(agent, agent.embedding_space, limit=1):
        _ask(agent, {})


def languages_of(*, company_id: UUID, agent_id: UUID) -> list[str]:
    """Languages of an agent's documents, the most frequent first, six at most."""
    counted = chunks.count_languages(company_id=company_id, agent_id=agent_id)
    return [language for language, _ in counted[:6]]


def build(*, company_id: UUID, agent_id: UUID) -> None:
    """Makes the vectors that an agent's passages lack in the space that it is moving to, or is in; switches; removes
    the others. Does nothing while another worker is at it."""
    work = _claim(company_id, agent_id)
    if work is None:
        return
    try:
        made = 0
        while missing := _next_batch(work):
            _embed(work, missing)
            made += len(missing)
            log.info("vectors made", extra={"agent": str(agent_id), "space": work.space, "vectors": made})
        _remove_others(work)
        _move_connections(work)
        _end(work)
    except _LeaseLost:
        log.info("another worker took over", extra={"agent": str(agent_id)})
    except (EmbeddingUnavailable, SpaceUnavailable) as error:
        log.warning("vectors can't be made now", extra={"agent": str(agent_id), "reason": error.detail})
        _renew_alone(work, now() + _PAUSE)


def requeue_due() -> int:
    """Wakes workers for the agents whose vectors wait to be made. Returns how many."""
    with transaction(), across_companies("a sweep looks for the work of all companies"):
        # Workers of the version before go on until they are replaced, which is after the migration: what they finish
        # is in the former space.
        spaces.move_across_companies(before=FORMER_EMBEDDING.space, after=BUILTIN_EMBEDDING.space, at=now())
        due = spaces.find_due_across_companies(now() - _GRACE, _SWEEP_LIMIT)
    for each in due:
        send(JobName.EMBED_AGENT, company_id=each.company_id, agent_id=each.agent_id)
    return len(due)


class _LeaseLost(Exception):
    """The work is somebody else's by now, or its agent is deleted."""


@dataclass
class _Work:
    """What a worker is doing, and until when it is its own."""

    company_id: UUID
    agent_id: UUID
    space: str
    choice: EmbeddingChoice
    lease: datetime
    after: UUID = UUID(int=0)

    @property
    def owner(self) -> Owner:
        """Whose vectors they are."""
        return Owner(self.company_id, self.agent_id)

    @contextmanager
    def storing(self, _percent: int) -> Iterator[None]:
        """A transaction for the company that prolongs the lease."""
        with transaction():
            tenancy.enter_company(self.company_id)
            self.renew()
            yield

    def renew(self, until: datetime | None = None) -> None:
        """Prolongs the lease, in the running transaction; raises `_LeaseLost`."""
        until = until or now() + _LEASE
        if not spaces.renew(company_id=self.company_id, agent_id=self.agent_id, lease=self.lease, until=until):
            raise _LeaseLost
        self.lease = until


def _follow(agent: Agent) -> None:
    wanted = model_choice.find(company_id=agent.company_id, agent_id=agent.id).embedding.space
    of_agent = {"company_id": agent.company_id, "agent_id": agent.id}
    has_others = bool(database_vectors.find_connections_elsewhere(**of_agent, space=wanted))
    if wanted == (agent.next_embedding_space or agent.embedding_space):
        if has_others:
            _ask(agent, {})
        return
    if wanted == agent.embedding_space:
        _ask(agent, {"next_embedding_space": None})  # back again: what was made of the other one goes
    elif agent.embedding_space and chunks.exist_for_agent(company_id=agent.company_id, agent_id=agent.id):
        _ask(agent, {"next_embedding_space": wanted})
    else:
        spaces.set_spaces(**of_agent, values={"embedding_space": wanted, "next_embedding_space": None})
        if has_others:
            _ask(agent, {})


def _ask(agent: Agent, values: dict[str, str | None]) -> None:
    # A worker that is at it for another space loses its lease by this.
    spaces.set_spaces(company_id=agent.company_id, agent_id=agent.id, values={**values, "embedding_due_at": now()})
    enqueue(JobName.EMBED_AGENT, company_id=agent.company_id, agent_id=agent.id)


def _claim(company_id: UUID, agent_id: UUID) -> _Work | None:
    with transaction():
        tenancy.enter_company(company_id)
        lease = now() + _LEASE
        agent = spaces.claim(company_id=company_id, agent_id=agent_id, at=now(), until=lease)
        if agent is None:
            return None
        space = agent.next_embedding_space or agent.embedding_space  # neither: there is no document yet
        try:
            choice = choice_for(company_id=company_id, agent_id=agent_id, space=space)
        except SpaceUnavailable:
            return None  # until the lease runs out; by then the settings may be there again
        return _Work(company_id, agent_id, choice.space, choice, lease)


def _next_batch(work: _Work) -> list[Unembedded]:
    """Passages without a vector. None is left: the agent has been switched."""
    with transaction():
        tenancy.enter_company(work.company_id)
        size = passage_vectors.batch_size(work.choice)
        found = _find_missing(work, size)
        if not found and work.after.int:
            work.after = UUID(int=0)  # once more from the start, for what came meanwhile
            found = _find_missing(work, size)
        if not found:
            return _switch(work)
    work.after = found[-1].chunk_id
    return found


def _switch(work: _Work) -> list[Unembedded]:
    """Switches the agent unless something came in this moment, which is returned."""
    agent = spaces.lock_agent(company_id=work.company_id, agent_id=work.agent_id)
    if agent is None:
        raise _LeaseLost
    # Workers that store passages lock the agent, too: from here on nothing comes.
    found = _find_missing(work, passage_vectors.batch_size(work.choice))
    if not found:
        work.renew()
        values = {"embedding_space": work.space, "next_embedding_space": None}
        spaces.set_spaces(company_id=work.company_id, agent_id=work.agent_id, values=values)
    return found


def _find_missing(work: _Work, limit: int) -> list[Unembedded]:
    return chunk_embeddings.find_missing_of_agent(
        company_id=work.company_id, agent_id=work.agent_id, space=work.space, limit=limit, after=work.after
    )


def _missing(agent: Agent, space: str, *, limit: int) -> list[Unembedded]:
    return chunk_embeddings.find_missing_of_agent(
        company_id=agent.company_id, agent_id=agent.id, space=space, limit=limit
    )


def _embed(work: _Work, missing: Sequence[Unembedded]) -> None:
    made = passage_vectors.make(work.choice, missing, work.owner)
    with transaction():
        tenancy.enter_company(work.company_id)
        work.renew()
        passage_vectors.store(made, work.owner)


def _remove_others(work: _Work) -> None:
    removed = 1
    while removed:
        with transaction():
            tenancy.enter_company(work.company_id)
            removed = chunk_embeddings.delete_spaces_but(
                company_id=work.company_id, agent_id=work.agent_id, kept=work.space, limit=_DELETED_AT_ONCE
            )
            work.renew()


def _move_connections(work: _Work) -> None:
    """The vectors of customers' tables follow, too."""
    with transaction():
        tenancy.enter_company(work.company_id)
        found = database_vectors.find_connections_elsewhere(
            company_id=work.company_id, agent_id=work.agent_id, space=work.space
        )
    for each in found:
        connection_vectors.move(each, work.choice, work.storing)
        log.info("vectors of a database made", extra={"connection": str(each.id), "space": work.space})


def _end(work: _Work) -> None:
    with transaction():
        tenancy.enter_company(work.company_id)
        if not spaces.renew(company_id=work.company_id, agent_id=work.agent_id, lease=work.lease, until=None):
            raise _LeaseLost


def _renew_alone(work: _Work, until: datetime) -> None:
    with transaction():
        tenancy.enter_company(work.company_id)
        spaces.renew(company_id=work.company_id, agent_id=work.agent_id, lease=work.lease, until=until)
