"""The demo company: what a newcomer signs in to, and an agent with documents to ask about."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from app.core import tenancy
from app.core.ids import new_id
from app.core.paging import PageRequest
from app.core.settings import PROJECT, settings
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.models.agent import Agent, AgentStatus
from app.models.company import Company
from app.models.user import Role, User
from app.repositories import agents, companies, users
from app.security import passwords
from app.security.principal import Principal, PrincipalKind
from app.security.scopes import ROLE_SCOPES
from app.services import accounts, document_uploads
from app.services.accounts import NewUser
from app.services.document_uploads import ReceivedFile

EMAIL = "demo@frontdesk.example"
DOCUMENTS = PROJECT / "app" / "demo" / "documents"
QUESTIONS = PROJECT / "app" / "demo" / "questions.json"
WIDGET = PROJECT / "app" / "demo" / "widget.json"
_LANGUAGES = ["en", "es", "de"]


def seed() -> None:
    """Makes the demo company, its admin and its agent once; later only sets the admin's password to `DEMO_PASSWORD`.
    A worker makes the agent's documents searchable."""
    password = settings().demo_password
    if not password:
        return
    with transaction():
        user = _admin(password)
        tenancy.enter_company(user.company_id)
        admin = _principal(user)
        present = _agents(admin.company(), status=None)
        if present and not present[-1].widget_config:
            present[-1].widget_config = _widget_config()
    if not present:
        _make_agent(admin)


def find_agent() -> UUID | None:
    """The agent of the demo company's site; None when there is none that may be talked to. Enters its company."""
    if not settings().demo_password:
        return None
    with across_companies("only the e-mail says whether the demo is there"):
        user = users.find_by_email_across_companies(EMAIL)
    if user is None or user.company_id is None:
        return None
    tenancy.enter_company(user.company_id)
    found = _agents(user.company_id, status=AgentStatus.ACTIVE)
    return found[-1].id if found else None


def _agents(company_id: UUID, *, status: AgentStatus | None) -> Sequence[Agent]:
    """The demo company's agents, ours, which is the first that there was, the last."""
    wanted = PageRequest(per_page=100)
    return agents.find_page(company_id=company_id, wanted=wanted, status=status, search="").items


def _widget_config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads(WIDGET.read_text("utf-8"))
    return config


def _admin(password: str) -> User:
    with across_companies("only the e-mail says whether the demo is there"):
        user = users.find_by_email_across_companies(EMAIL)
    if user is None:
        return _create(password)
    tenancy.enter_company(user.company_id)
    if not passwords.verify(user.password_hash, password):
        user.password_hash = passwords.hash_password(password)
    return user


def _create(password: str) -> User:
    company_id = new_id()
    tenancy.enter_company(company_id)
    companies.add(Company(id=company_id, name="Demo Shop", email="hello@demo-shop.example", phone="+34911234567"))
    new = NewUser(email=EMAIL, username="demo", password=password, first_name="Dana", last_name="Demo")
    return accounts.create_admin(new, company_id)


def _principal(user: User) -> Principal:
    return Principal(
        kind=PrincipalKind.USER,
        id=user.id,
        company_id=user.company_id,
        role=Role.ADMIN,
        scopes=ROLE_SCOPES[Role.ADMIN],
        user_id=user.id,
    )


def _make_agent(admin: Principal) -> None:
    files = [_file(path) for path in _documents()]
    with document_uploads.stage(admin, files) as staged, transaction():
        tenancy.enter_company(admin.company_id)
        agent_id = _add_agent(admin.company())
        document_uploads.take(admin, agent_id=agent_id, files=staged, urls=[])


def _documents() -> list[Path]:
    """The agent's documents. Those that the widget's suggestions are answered from come first: somebody may ask them
    while the others are still being read."""
    suggested = {each for texts in _widget_config()["texts"].values() for each in texts["suggestions"]}
    asked = json.loads(QUESTIONS.read_text("utf-8"))
    first = [each["document"] for language in _LANGUAGES for each in asked[language] if each["question"] in suggested]
    order = {name: place for place, name in reversed(list(enumerate(first)))}
    paths = (path for path in sorted(DOCUMENTS.iterdir()) if path.is_file())
    return sorted(paths, key=lambda path: order.get(path.name, len(first)))


def _add_agent(company_id: UUID) -> UUID:
    agent = Agent(
        id=new_id(),
        company_id=company_id,
        name="Pia",
        description="Answers questions about the shop, its bicycles, deliveries, returns and repairs.",
        greeting="Hello! I am Pia of the Demo Shop. Ask me about our bicycles, deliveries, returns or repairs.",
        personality_traits=["friendly", "brief", "precise"],
        languages=_LANGUAGES,
        widget_config=_widget_config(),
    )
    agents.add(agent)
    return agent.id


def _file(path: Path) -> ReceivedFile:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return ReceivedFile(path=path, filename=path.name, declared=None, size=len(content), sha256=digest)
