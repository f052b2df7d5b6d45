"""Moving an agent's passages to another embedding model."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.ai.local_model_files import MARKER
from app.core import tenancy
from app.core.transaction import transaction
from app.extensions import redis_extension
from app.models.agent import Agent
from app.models.chunk import Chunk
from app.models.chunk_embedding import ChunkEmbedding
from app.models.document import Document
from app.models.llm_settings import LlmSettings
from app.models.model_call import ModelCall
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from app.services import embedding_spaces, housekeeping
from app.services.embedding_spaces import SpaceUnavailable
from app.services.model_choice import BUILTIN_EMBEDDING, FORMER_EMBEDDING
from tests.ai.embedding_service import EmbeddingService
from tests.cast import Cast
from tests.document.conftest import Process, Upload
from tests.rows import all_of, change, count, now_in

BUILTIN = "builtin/multilingual-e5-small-use/512"
PAST = datetime(2026, 11, 1, tzinfo=UTC)
LONG = "\n\n".join(f"# Part {number}\n\nAn answer to question {number}, in words." for number in range(300)).encode()

Choose = Callable[..., UUID]
Follow = Callable[[], None]
Build = Callable[[UUID, UUID], None]

# Slow on purpose: each file is read in a process of its own.
pytestmark = pytest.mark.slow


@pytest.fixture
def follow(app: Flask, cast: Cast) -> Follow:
    """What happens when acme's settings change."""

    def run() -> None:
        with app.app_context(), transaction():
            tenancy.enter_company(cast.acme)
            embedding_spaces.follow_settings(company_id=cast.acme, agent_id=None)

    return run


def spaces(database: Session) -> dict[str, int]:
    """How many vectors there are in each space."""
    database.rollback()
    found = [space.partition("@")[0] for (space,) in database.query(ChunkEmbedding.space)]
    return {space: found.count(space) for space in sorted(set(found))}


def state(database: Session, agent: UUID) -> tuple[str | None, str | None, bool]:
    """The agent's space, the one it moves to, and whether there is work left."""
    row = now_in(database, Agent, agent)
    names = [space and space.partition("@")[0] for space in (row.embedding_space, row.next_embedding_space)]
    return names[0], names[1], row.embedding_due_at is not None


def test_builds_the_new_vectors_beside_the_old_ones_and_switches(
    database: Session,
    cast: Cast,
    agent: UUID,
    upload: Upload,
    process: Process,
    choose: Choose,
    follow: Follow,
    build: Build,
    service: EmbeddingService,
) -> None:
    process(upload())
    assert state(database, agent) == (BUILTIN, None, False)
    choose("embed-1")
    follow()
    assert state(database, agent) == (BUILTIN, "openai_compatible/embed-1/4", True)
    assert redis_extension.client.llen("frontdesk:ingest") == 2
    during: list[object] = []
    answer = service.answer
    service.answer = lambda body: (during.append(state(database, agent)), answer(body))[1]  # type: ignore
    build(cast.acme, agent)
    assert during == [(BUILTIN, "openai_compatible/embed-1/4", True)]
    assert state(database, agent) == ("openai_compatible/embed-1/4", None, False)
    assert spaces(database) == {"openai_compatible/embed-1/4": 2}
    (call,) = all_of(database, ModelCall)
    assert (call.agent_id, call.document_id, call.kind) == (agent, None, "embedding")


def test_goes_on_where_a_killed_worker_stopped(
    app: Flask,
    database: Session,
    cast: Cast,
    agent: UUID,
    upload: Upload,
    process: Process,
    choose: Choose,
    follow: Follow,
    build: Build,
    service: EmbeddingService,
) -> None:
    choose("embed-1")
    process(upload(LONG, "long.md"))
    choose("embed-2")
    follow()
    asked = len(service.requests)
    service.answers = [*[service.answer({"model": "m", "input": ["x"] * 128}) for _ in range(2)], (401, {})]
    build(cast.acme, agent)
    assert spaces(database)["openai_compatible/embed-2/4"] == 256
    assert state(database, agent)[2]
    build(cast.acme, agent)  # not before the pause is over
    assert len(service.requests) == asked + 5
    change(database, Agent, agent, embedding_due_at=PAST)
    with app.app_context():
        assert embedding_spaces.requeue_due() == 1
    build(cast.acme, agent)
    assert state(database, agent) == ("openai_compatible/embed-2/4", None, False)
    assert spaces(database) == {"openai_compatible/embed-2/4": 300}
    assert len(service.requests[-1]["input"]) == 44


def test_a_document_that_is_processed_meanwhile_is_not_left_behind(
    database: Session,
    cast: Cast,
    agent: UUID,
    upload: Upload,
    process: Process,
    choose: Choose,
    follow: Follow,
    build: Build,
    service: EmbeddingService,
) -> None:
    process(upload())
    choose("embed-1")
    follow()
    late, answer = upload(b"Open from nine to five, and on Saturdays until noon.", "hours.txt"), service.answer
    once = iter([lambda: process(late)])
    service.answer = lambda body: (next(once, lambda: None)(), answer(body))[1]  # type: ignore
    build(cast.acme, agent)
    assert now_in(database, Document, late).status == "processed"
    assert spaces(database) == {"openai_compatible/embed-1/4": 3}


def test_a_switch_during_processing_is_noticed_at_the_end(
    database: Session,
    cast: Cast,
    agent: UUID,
    upload: Upload,
    process: Process,
    choose: Choose,
    follow: Follow,
    build: Build,
    service: EmbeddingService,
) -> None:
    choose("embed-1")
    process(upload())
    late, answer = upload(b"Open from nine to five, and on Saturdays until noon.", "hours.txt"), service.answer

    def switch() -> None:
        choose("embed-2")
        follow()
        build(cast.acme, agent)

    once = iter([switch])
    service.answer = lambda body: (next(once, lambda: None)(), answer(body))[1]  # type: ignore
    assert process(late).status == "processed"
    assert state(database, agent) == ("openai_compatible/embed-2/4", None, False)
    new = "openai_compatible/embed-2/4"
    assert count(database, ChunkEmbedding, ChunkEmbedding.space.startswith(new)) == count(database, Chunk) == 3


def test_an_agent_without_passages_just_changes(database: Session, agent: UUID, choose: Choose, follow: Follow) -> None:
    choose("embed-1")
    follow()
    assert state(database, agent) == ("openai_compatible/embed-1/4", None, False)


def test_going_back_gives_the_switch_up(
    database: Session,
    cast: Cast,
    agent: UUID,
    upload: Upload,
    process: Process,
    choose: Choose,
    follow: Follow,
    build: Build,
    service: EmbeddingService,
) -> None:
    process(upload())
    settings = choose("embed-1")
    follow()
    answer = service.answer

    def back() -> None:
        change(database, LlmSettings, settings, is_default=False)
        database.query(LlmSettings).delete()
        database.commit()
        follow()

    once = iter([back])
    service.answer = lambda body: (next(once, lambda: None)(), answer(body))[1]  # type: ignore
    build(cast.acme, agent)
    assert state(database, agent) == (BUILTIN, None, True)
    build(cast.acme, agent)
    assert state(database, agent) == (BUILTIN, None, False)
    assert spaces(database) == {BUILTIN: 2}


def test_a_restored_document_gets_the_vectors_that_it_missed(
    client: FlaskClient,
    database: Session,
    cast: Cast,
    agent: UUID,
    upload: Upload,
    process: Process,
    choose: Choose,
    follow: Follow,
    build: Build,
) -> None:
    document = process(upload()).id
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    choose("embed-1")
    follow()
    build(cast.acme, agent)
    assert spaces(database) == {}
    client.patch(f"/v1/document/{document}/restore", headers=cast.alice.headers)
    assert state(database, agent)[2]
    build(cast.acme, agent)
    assert spaces(database) == {"openai_compatible/embed-1/4": 2}


def test_until_the_switch_questions_are_embedded_with_the_old_model(
    app: Flask,
    database: Session,
    cast: Cast,
    agent: UUID,
    upload: Upload,
    process: Process,
    choose: Choose,
    follow: Follow,
) -> None:
    choose("embed-1")
    process(upload())
    choose("embed-2")
    follow()
    with app.app_context(), transaction():
        tenancy.enter_company(cast.acme)
        assert embedding_spaces.embedder_for(now_in(database, Agent, agent)).model == "embed-1"
        change(database, Agent, agent, embedding_space=BUILTIN)
        assert embedding_spaces.embedder_for(now_in(database, Agent, agent)).dimension == 512
        change(database, Agent, agent, embedding_space=FORMER_EMBEDDING.space)
        assert embedding_spaces.embedder_for(now_in(database, Agent, agent)).dimension == 384


@pytest.mark.parametrize(("dimension", "shortened"), [(None, False), (2, True)])
def test_the_model_that_the_same_settings_named_before_answers_until_all_has_moved(
    app: Flask,
    database: Session,
    cast: Cast,
    agent: UUID,
    upload: Upload,
    process: Process,
    choose: Choose,
    follow: Follow,
    service: EmbeddingService,
    dimension: int | None,
    shortened: bool,
) -> None:
    settings_id = choose("embed-1")
    change(database, LlmSettings, settings_id, embedding_dimension=dimension)
    service.dimension = dimension or 4
    process(upload())
    provider_id = now_in(database, LlmSettings, settings_id).embedding_provider_id
    other = ProviderModel(
        company_id=cast.acme,
        provider_id=provider_id,
        name="embed-2",
        provider_model_id="embed-2",
        type="embedding",
        embedding_dimension=4,
    )
    database.add(other)
    database.commit()
    change(database, LlmSettings, settings_id, embedding_model_id=other.id, embedding_dimension=None)
    follow()
    assert state(database, agent)[1] == "openai_compatible/embed-2/4"
    with app.app_context(), transaction():
        tenancy.enter_company(cast.acme)
        space = now_in(database, Agent, agent).embedding_space
        choice = embedding_spaces.choice_for(company_id=cast.acme, agent_id=agent, space=space)
    assert (choice.model, choice.dimension, choice.shortened) == ("embed-1", dimension or 4, shortened)
    assert choice.base_url == service.base_url


def test_says_so_when_the_old_model_is_gone(
    app: Flask,
    database: Session,
    cast: Cast,
    agent: UUID,
    upload: Upload,
    process: Process,
    choose: Choose,
    follow: Follow,
) -> None:
    choose("embed-1")
    process(upload())
    database.query(LlmSettings).delete()
    database.query(Provider).delete()
    database.commit()
    follow()
    assert state(database, agent)[1] == BUILTIN
    with app.app_context(), transaction():
        tenancy.enter_company(cast.acme)
        with pytest.raises(SpaceUnavailable):
            embedding_spaces.embedder_for(now_in(database, Agent, agent))


def test_leaves_other_companies_alone(
    database: Session, cast: Cast, other_agent: UUID, choose: Choose, follow: Follow
) -> None:
    choose("embed-1")
    follow()
    assert state(database, other_agent) == (None, None, False)


def test_wakes_nobody_while_a_worker_is_at_it(app: Flask, database: Session, agent: UUID) -> None:
    change(database, Agent, agent, embedding_due_at=datetime.now(UTC) + timedelta(seconds=60))
    with app.app_context():
        assert embedding_spaces.requeue_due() == 0


def test_what_a_worker_of_the_version_before_has_finished_moves_as_well(
    app: Flask, database: Session, cast: Cast, agent: UUID, upload: Upload, process: Process, build: Build
) -> None:
    change(database, Agent, agent, embedding_space=FORMER_EMBEDDING.space)  # as its first document leaves it
    process(upload())
    assert state(database, agent) == (FORMER_EMBEDDING.space, None, False)
    with app.app_context():
        embedding_spaces.requeue_due()
    assert state(database, agent) == (FORMER_EMBEDDING.space, BUILTIN, True)
    build(cast.acme, agent)
    assert (state(database, agent), spaces(database)) == ((BUILTIN, None, False), {BUILTIN: 2})


@pytest.mark.parametrize(
    ("used_by", "hours", "stays"),
    [
        ({}, 25, False),
        ({}, 23, True),  # a worker of the version before may be left, and would build it again
        ({"embedding_space": FORMER_EMBEDDING.space}, 25, True),
        ({"next_embedding_space": FORMER_EMBEDDING.space}, 25, True),
        ({"embedding_space": FORMER_EMBEDDING.space, "deleted_at": PAST}, 25, False),
    ],
)
def test_files_of_the_former_model_go_once_nothing_reads_them(
    app: Flask,
    database: Session,
    agent: UUID,
    tmp_path: Path,
    with_settings: Callable[..., None],
    used_by: dict[str, object],
    hours: int,
    stays: bool,
) -> None:
    with_settings(data_dir=tmp_path)
    former, present = (tmp_path / "models" / each.model for each in (FORMER_EMBEDDING, BUILTIN_EMBEDDING))
    for folder in (former, present):
        folder.mkdir(parents=True)
        (folder / MARKER).write_text("{}")
    since = datetime.now(UTC).timestamp() - hours * 3600
    os.utime(present / MARKER, (since, since))
    if used_by:
        change(database, Agent, agent, **used_by)
    with app.app_context():
        housekeeping.purge_expired()
    assert (former.exists(), present.exists()) == (stays, True)


def test_files_of_the_former_model_that_cannot_be_removed_stay(
    app: Flask, tmp_path: Path, with_settings: Callable[..., None]
) -> None:
    """The rest of what has expired goes all the same. A link to another disk is one of these."""
    with_settings(data_dir=tmp_path)
    former, present = (tmp_path / "models" / each.model for each in (FORMER_EMBEDDING, BUILTIN_EMBEDDING))
    present.mkdir(parents=True)
    (present / MARKER).write_text("{}")
    os.utime(present / MARKER, (0, 0))
    former.symlink_to(present)
    with app.app_context():
        assert "user_sessions" in housekeeping.purge_expired()
    assert (former.is_symlink(), present.exists()) == (True, True)
