"""What the tests of leads share."""

import pytest
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.lead import Lead
from tests.agent.rows import add_agent, add_lead
from tests.cast import Cast


@pytest.fixture
def ronda(database: Session, cast: Cast) -> Agent:
    """Acme's agent."""
    return add_agent(database, cast.acme)


@pytest.fixture
def lea(database: Session, cast: Cast) -> Lead:
    """A lead of Acme."""
    return add_lead(database, cast.acme, phone="+34911234567", notes="Likes tandems.")
