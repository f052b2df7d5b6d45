"""Vectors of customers' tables follow their agent's embedding model, without another analysis."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import tenancy
from app.core.transaction import transaction
from app.models.agent import Agent
from app.models.database_connection import DatabaseConnection
from app.models.database_embedding import DatabaseEmbedding
from app.services import database_vectors, embedding_spaces, passage_vectors
from app.services.model_choice import BUILTIN_EMBEDDING, FORMER_EMBEDDING
from tests.cast import Cast
from tests.database.conftest import Analyze, Connect
from tests.database.servers import Shop
from tests.rows import change, now_in

PAST = datetime(2026, 11, 1, tzinfo=UTC)
OTHER = "openai/embed/1536"


@pytest.fixture
def left_in(
    analyze: Analyze, connect: Connect, shops: dict[str, Shop], reachable: None, database: Session
) -> Callable[[str], DatabaseConnection]:
    """A connection that was analysed with another embedding model."""

    def arrange(space: str) -> DatabaseConnection:
        connection = analyze(connect(shops["sqlite"]))
        database.query(DatabaseEmbedding).update({"space": space})
        database.commit()
        change(database, DatabaseConnection, connection.id, embedding_space=space)
        return now_in(database, DatabaseConnection, connection.id)

    return arrange


@pytest.fixture
def sweep_and_build(app: Flask, cast: Cast, database: Session) -> Callable[[DatabaseConnection], None]:
    """What a sweep and a worker do for the agent of a connection."""

    def run(connection: DatabaseConnection) -> None:
        with app.app_context():
            embedding_spaces.requeue_due()
            embedding_spaces.build(company_id=cast.acme, agent_id=connection.agent_id)

    return run


def spaces(database: Session) -> dict[str, int]:
    """How many vectors there are in each space."""
    database.rollback()
    found = database.scalars(select(DatabaseEmbedding.space)).all()
    return {space: found.count(space) for space in set(found)}


def test_those_of_the_former_model_are_made_anew(
    database: Session,
    left_in: Callable[[str], DatabaseConnection],
    sweep_and_build: Callable[[DatabaseConnection], None],
) -> None:
    before = left_in(FORMER_EMBEDDING.space)
    number = spaces(database)[FORMER_EMBEDDING.space]
    sweep_and_build(before)
    after = now_in(database, DatabaseConnection, before.id)
    assert spaces(database) == {BUILTIN_EMBEDDING.space: number}
    assert after.embedding_space == BUILTIN_EMBEDDING.space
    assert (after.analysis_status, after.attempt, after.updated_at) == ("done", before.attempt, before.updated_at)
    assert now_in(database, Agent, before.agent_id).embedding_due_at is None


def test_those_of_another_model_follow_the_settings(
    app: Flask,
    database: Session,
    cast: Cast,
    left_in: Callable[[str], DatabaseConnection],
    sweep_and_build: Callable[[DatabaseConnection], None],
) -> None:
    connection = left_in(OTHER)
    sweep_and_build(connection)  # nothing is due: only the former builtin model's go by themselves
    assert set(spaces(database)) == {OTHER}
    for due in (True, False):
        with app.app_context(), transaction():
            tenancy.enter_company(cast.acme)
            embedding_spaces.follow_settings(company_id=cast.acme, agent_id=None)
        assert (now_in(database, Agent, connection.agent_id).embedding_due_at is not None) == due
        sweep_and_build(connection)
        assert set(spaces(database)) == {BUILTIN_EMBEDDING.space}


def test_an_analysis_does_it_itself(
    database: Session,
    left_in: Callable[[str], DatabaseConnection],
    sweep_and_build: Callable[[DatabaseConnection], None],
) -> None:
    connection = left_in(FORMER_EMBEDDING.space)
    change(database, DatabaseConnection, connection.id, analysis_status="running")
    sweep_and_build(connection)
    assert set(spaces(database)) == {FORMER_EMBEDDING.space}


def test_an_analysis_that_was_made_meanwhile_stays(
    database: Session,
    left_in: Callable[[str], DatabaseConnection],
    sweep_and_build: Callable[[DatabaseConnection], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = left_in(FORMER_EMBEDDING.space)
    make = passage_vectors.make

    def make_while_it_is_analysed(*arguments: Any) -> Any:
        change(database, DatabaseConnection, connection.id, attempt=connection.attempt + 1)
        return make(*arguments)

    monkeypatch.setattr(passage_vectors, "make", make_while_it_is_analysed)
    sweep_and_build(connection)
    assert now_in(database, DatabaseConnection, connection.id).embedding_space == FORMER_EMBEDDING.space
    assert FORMER_EMBEDDING.space in spaces(database)


def test_an_analysis_whose_vectors_were_made_before_the_settings_changed_has_them_made_anew(
    database: Session,
    analyze: Analyze,
    left_in: Callable[[str], DatabaseConnection],
    sweep_and_build: Callable[[DatabaseConnection], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = left_in(OTHER)
    monkeypatch.setattr(database_vectors, "embed", lambda *_: OTHER)  # as they were when it came to them
    analyze(connection.id)
    assert now_in(database, DatabaseConnection, connection.id).embedding_space == OTHER
    sweep_and_build(connection)
    assert set(spaces(database)) == {BUILTIN_EMBEDDING.space}
    assert now_in(database, DatabaseConnection, connection.id).embedding_space == BUILTIN_EMBEDDING.space


@pytest.mark.parametrize("how", ["restored", "given to another agent"])
def test_those_of_a_connection_that_was_not_there_when_the_settings_changed_follow(
    client: FlaskClient,
    database: Session,
    cast: Cast,
    left_in: Callable[[str], DatabaseConnection],
    sweep_and_build: Callable[[DatabaseConnection], None],
    how: str,
) -> None:
    connection = left_in(OTHER)
    path, owner = f"/v1/database-connection/{connection.id}", cast.alice.headers
    if how == "restored":
        assert client.delete(path, headers=owner).status_code == 204
        assert client.patch(f"{path}/restore", headers=owner).status_code == 200
    else:
        another = Agent(company_id=cast.acme, name="Pia")
        database.add(another)
        database.commit()
        assert client.patch(path, json={"agent_id": str(another.id)}, headers=owner).status_code == 200
    sweep_and_build(now_in(database, DatabaseConnection, connection.id))
    assert set(spaces(database)) == {BUILTIN_EMBEDDING.space}
