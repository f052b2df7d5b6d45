"""Agents: making, reading, changing, cloning, deleting and restoring."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.clock import now
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.core.settings import settings
from app.errors import Conflict, Invalid, NotFound
from app.models.agent import Agent, AgentStatus
from app.models.audit_entry import RiskLevel
from app.repositories import agents, conversations, credentials
from app.security.principal import Principal
from app.services import audit, embedding_spaces, operating_hours, widget_config
from app.services.audit import Event

NAME_LENGTH = 200
_COPIED = (
    "description",
    "avatar_url",
    "greeting",
    "instructions",
    "personality_traits",
    "capabilities",
    "operating_hours",
    "languages",
    "widget_config",
    "status",
)


class HasActiveConversations(Conflict):
    """Visitors are talking with the agent."""

    code = "agent_has_active_conversations"
    detail = "This agent has active conversations."


class NotDeleted(Conflict):
    """Only a deleted agent can be restored."""

    code = "not_deleted"
    detail = "This agent is not deleted."


@dataclass(frozen=True)
class NewAgent:
    """An agent to be. `operating_hours` as `operating_hours.are_open` reads them; `languages` are BCP 47 tags."""

    name: str
    description: str | None = None
    avatar_url: str | None = None
    greeting: str | None = None
    instructions: str | None = None
    llm_settings_id: UUID | None = None
    personality_traits: Sequence[str] = ()
    capabilities: Sequence[str] = ()
    operating_hours: Mapping[str, Any] = field(default_factory=dict)
    languages: Sequence[str] = ()
    widget_config: Mapping[str, Any] = field(default_factory=dict)
    status: AgentStatus = AgentStatus.ACTIVE


@dataclass(frozen=True)
class PublicAgent:
    """What anybody may know of an agent. `online`: whether its people are there now."""

    id: UUID
    name: str
    avatar_url: str | None
    languages: Sequence[str]
    greeting: str | None
    widget_config: dict[str, Any]
    online: bool


def create(principal: Principal, new: NewAgent) -> Agent:
    """A new agent of the caller's company; raises `Invalid` for settings that are not the company's."""
    agent = _add(principal.company(), new)
    _record(principal, Event.AGENT_CREATED, agent, after=asdict(new))
    return agent


def get(principal: Principal, agent_id: UUID) -> Agent:
    """An agent of the caller's company, with everything that the team may see."""
    agent = agents.get(company_id=principal.company(), agent_id=agent_id)
    if agent is None:
        raise NotFound
    return agent


def get_public(agent_id: UUID) -> PublicAgent:
    """What anybody may know of an agent; raises `NotFound` unless it may be talked to."""
    agent = enter_by_agent(agent_id)
    return PublicAgent(
        id=agent.id,
        name=agent.name,
        avatar_url=agent.avatar_url,
        languages=agent.languages,
        greeting=agent.greeting,
        widget_config=widget_config.public(widget_config.effective(agent)),
        online=operating_hours.are_open(agent.operating_hours, now()),
    )


def enter_by_agent(agent_id: UUID) -> Agent:
    """The live, active agent of a live company that a caller without credentials names, with the transaction opened
    for its company. Raises `NotFound` for every other one, without saying why."""
    stored = credentials.enter_by_agent(agent_id)
    if stored is None or not stored.company_live:
        raise NotFound
    agent = agents.get(company_id=stored.company_id, agent_id=agent_id)
    if agent is None or agent.status != AgentStatus.ACTIVE:
        raise NotFound
    return agent


def find(principal: Principal, wanted: PageRequest, *, status: AgentStatus | None, search: str) -> Page[Agent]:
    """The live agents of the caller's company."""
    return agents.find_page(company_id=principal.company(), wanted=wanted, status=status, search=search)


def change(principal: Principal, agent_id: UUID, changes: Mapping[str, Any]) -> Agent:
    """Changes the given fields. Other settings may mean another embedding model: the vectors follow."""
    agent = get(principal, agent_id)
    if changes.get("llm_settings_id") is not None:
        _check_settings(agent.company_id, changes["llm_settings_id"], agent.id)
    before = {name: getattr(agent, name) for name in changes}
    for name, value in changes.items():
        setattr(agent, name, value)
    if before == dict(changes):
        return agent
    _record(principal, Event.AGENT_CHANGED, agent, before=before, after=changes)
    if before.get("llm_settings_id") != changes.get("llm_settings_id"):
        embedding_spaces.follow_settings(company_id=agent.company_id, agent_id=agent.id)
    return agent


def clone(
    principal: Principal, agent_id: UUID, *, name: str | None = None, llm_settings_id: UUID | None = None
) -> Agent:
    """A new agent configured like this one. It starts without documents, leads and conversations, and without
    settings that are the original's own: they hold its keys."""
    original = get(principal, agent_id)
    copied: dict[str, Any] = {each: getattr(original, each) for each in _COPIED}
    new = NewAgent(
        name=name or _name_of_copy(original.name),
        llm_settings_id=llm_settings_id or _shared_settings(original),
        **copied,
    )
    agent = _add(original.company_id, new)
    _record(principal, Event.AGENT_CLONED, agent, after={**asdict(new), "cloned_from": original.id})
    return agent


def delete(principal: Principal, agent_id: UUID) -> None:
    """Deletes an agent softly; raises `HasActiveConversations`. Its documents stay as they are: they are searched
    through the agent alone."""
    company_id = principal.company()
    # Locked, so that no conversation begins between the count and the deletion.
    agent = agents.lock(company_id=company_id, agent_id=agent_id)
    if agent is None:
        raise NotFound
    _refuse_active_conversations(agent)
    agents.set_deleted(company_id=company_id, agent_id=agent_id, at=now(), deletion_id=new_id())
    _record(principal, Event.AGENT_DELETED, agent, before={"name": agent.name}, risk=RiskLevel.HIGH)


def restore(principal: Principal, agent_id: UUID) -> Agent:
    """Brings a deleted agent back. Nothing else was deleted with it, so everything of it is there again."""
    company_id = principal.company()
    agent = agents.get(company_id=company_id, agent_id=agent_id, include_deleted=True)
    if agent is None:
        raise NotFound
    if not agents.set_deleted(company_id=company_id, agent_id=agent_id, at=None, deletion_id=None):
        raise NotDeleted
    _record(principal, Event.AGENT_RESTORED, agent, risk=RiskLevel.MEDIUM)
    embedding_spaces.follow_settings(company_id=company_id, agent_id=agent_id)
    return agent


def _add(company_id: UUID, new: NewAgent) -> Agent:
    if new.llm_settings_id is not None:
        _check_settings(company_id, new.llm_settings_id, None)
    values = asdict(new) | {
        name: list(getattr(new, name)) for name in ("personality_traits", "capabilities", "languages")
    }
    agent = Agent(id=new_id(), company_id=company_id, **values)
    agents.add(agent)
    if new.llm_settings_id is not None:
        embedding_spaces.follow_settings(company_id=company_id, agent_id=agent.id)
    return agent


def _check_settings(company_id: UUID, settings_id: UUID, agent_id: UUID | None) -> None:
    if not agents.may_use_settings(company_id=company_id, settings_id=settings_id, agent_id=agent_id):
        raise Invalid(errors={"llm_settings_id": ["These are neither settings of the company nor of this agent."]})


def _shared_settings(agent: Agent) -> UUID | None:
    named = agent.llm_settings_id
    shared = named and agents.may_use_settings(company_id=agent.company_id, settings_id=named, agent_id=None)
    return named if shared else None


def _name_of_copy(name: str) -> str:
    ending = " (copy)"
    return name[: NAME_LENGTH - len(ending)] + ending


def _refuse_active_conversations(agent: Agent) -> None:
    hours = settings().conversation_idle_hours
    since = now() - timedelta(hours=hours)
    active = conversations.count_active(company_id=agent.company_id, agent_id=agent.id, since=since)
    if active:
        what = "an active conversation" if active == 1 else f"{active} active conversations"
        raise HasActiveConversations(
            f"This agent has {what}. Close them, or wait until nobody has written for {hours} hours."
        )


def _record(
    principal: Principal,
    event: Event,
    agent: Agent,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    risk: RiskLevel = RiskLevel.LOW,
) -> None:
    audit.record(
        event, "agent", agent.id, company_id=agent.company_id, by=principal, before=before, after=after, risk=risk
    )
