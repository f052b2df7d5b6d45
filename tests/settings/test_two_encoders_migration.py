"""Installations whose vectors are of one encoder have those of two made, and their settings name it."""

from uuid import UUID, uuid4

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import Engine, text

from app.config import Settings
from app.services.model_choice import BUILTIN_EMBEDDING, FORMER_EMBEDDING
from tests.scratch import database_at

OTHER = "openai/embed/1536"
AGENTS = [
    # the space that passages are in and the one they are moving to: the latter afterwards, and whether a worker is due
    ((FORMER_EMBEDDING.space, None), BUILTIN_EMBEDDING.space, True),
    ((FORMER_EMBEDDING.space, OTHER), OTHER, False),
    ((OTHER, FORMER_EMBEDDING.space), BUILTIN_EMBEDDING.space, True),
    ((OTHER, None), None, False),
    ((None, None), None, False),
]
SETTINGS = """
    INSERT INTO providers (id, company_id, name, type) VALUES (:it, :it, 'Built-in', 'builtin');
    INSERT INTO provider_models (id, company_id, provider_id, name, provider_model_id, type, embedding_dimension)
        VALUES (:it, :it, :it, 'E', 'multilingual-e5-small', 'embedding', 384);
    INSERT INTO llm_settings (id, company_id, llm_provider_id, llm_model_id, embedding_provider_id,
        embedding_model_id, embedding_dimension) VALUES (:it, :it, :it, :it, :it, :it, 384);
"""


@pytest.mark.slow  # a database of its own
def test_vectors_of_two_encoders_are_made(app: Flask, settings: Settings) -> None:
    company = uuid4()
    with database_at(settings, "0020") as (config, engine):
        agents = _fill(engine, company)
        command.upgrade(config, "0021")
        assert _agents(engine, agents) == [(after, due) for _, after, due in AGENTS]
        assert _model(engine) == (BUILTIN_EMBEDDING.model, BUILTIN_EMBEDDING.dimension, BUILTIN_EMBEDDING.dimension)
        command.downgrade(config, "0020")
        assert _model(engine) == (FORMER_EMBEDDING.model, FORMER_EMBEDDING.dimension, FORMER_EMBEDDING.dimension)
        assert _agents(engine, agents)[0] == (FORMER_EMBEDDING.space, True)


def _fill(engine: Engine, company: UUID) -> list[UUID]:
    agents = [uuid4() for _ in AGENTS]
    with engine.begin() as database:
        insert = text("INSERT INTO companies (id, name, email) VALUES (:it, 'Old', 'old@example.com')")
        database.execute(insert, {"it": company})
        for agent, ((current, following), _, _) in zip(agents, AGENTS, strict=True):
            insert = text(
                "INSERT INTO agents (id, company_id, name, embedding_space, next_embedding_space)"
                " VALUES (:agent, :company, CAST(:agent AS text), :current, :following)"
            )
            values = {"agent": agent, "company": company, "current": current, "following": following}
            database.execute(insert, values)
        database.execute(text(SETTINGS.replace(":it", f"'{company}'")))
    return agents


def _agents(engine: Engine, agents: list[UUID]) -> list[tuple[str | None, bool]]:
    """Where each is moving to, and whether a worker is due."""
    select = text("SELECT next_embedding_space, embedding_due_at IS NOT NULL FROM agents WHERE id = :agent")
    with engine.connect() as database:
        return [(row[0], row[1]) for row in (database.execute(select, {"agent": each}).one() for each in agents)]


def _model(engine: Engine) -> tuple[str, int, int]:
    select = text(
        "SELECT m.provider_model_id, m.embedding_dimension, s.embedding_dimension"
        " FROM provider_models m CROSS JOIN llm_settings s"
    )
    with engine.connect() as database:
        model, of_model, of_settings = database.execute(select).one()
        return model, of_model, of_settings
