"""What the tests of the analytics share."""

import pytest
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent.rows import add_agent
from tests.cast import Cast


@pytest.fixture
def ronda(database: Session, cast: Cast) -> Agent:
    """Acme's agent."""
    return add_agent(database, cast.acme, name="Ronda")


@pytest.fixture
def stranger(database: Session, cast: Cast) -> Agent:
    """Globex's agent."""
    return add_agent(database, cast.globex, name="Stranger")
