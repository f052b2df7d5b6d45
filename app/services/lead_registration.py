"""How a visitor of a website becomes a lead: they say who they are, and get tokens for their conversations."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.core.settings import settings
from app.errors import Invalid
from app.models.agent import AgentStatus
from app.models.lead import Lead
from app.models.webhook_event import WebhookEventType as Type
from app.repositories import agents as agent_rows
from app.security import tokens
from app.services import agents, allowed_domains, authentication, consents, leads, widget_config
from app.services.allowed_domains import AskingPage
from app.services.authentication import SessionEnded
from app.services.leads import NewLead

_SOURCE = "widget"


class ConsentRefused(Invalid):
    """The visitor said that their data may not be kept."""

    code = "consent_required"
    detail = "Without consent to the processing of their data a visitor's details can't be stored."


@dataclass(frozen=True)
class RegisteredLead:
    """A lead and their tokens. `expires_in` is the access token's life in seconds."""

    lead: Lead
    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"


def register(
    agent_id: UUID,
    page_asking: AskingPage,
    *,
    first_name: str,
    last_name: str,
    email: str,
    phone: str | None = None,
    source: str | None = None,
    notes: str | None = None,
    consent_marketing: bool | None = None,
    consent_data_processing: bool | None = None,
    consent_version: str | None = None,
    language: str | None = None,
    page: str | None = None,
) -> RegisteredLead:
    """A new lead of the agent's company, whatever the e-mail: one that a stranger types must never open somebody's
    earlier conversations. Raises `NotFound` for an agent that takes no visitors, `OriginNotAllowed` and
    `ConsentRefused`."""
    if consent_data_processing is False:
        raise ConsentRefused(errors={"consent_data_processing": [ConsentRefused.detail]})
    agent = agents.enter_by_agent(agent_id)
    allowed_domains.check(widget_config.allowed_domains(widget_config.effective(agent)), page_asking)
    said: Mapping[str, bool | None] = {"data_processing": consent_data_processing, "marketing": consent_marketing}
    new = NewLead(
        agent_id=agent.id,
        first_name=first_name,
        last_name=last_name,
        email=email,
        phone=phone,
        source=source or _SOURCE,
        notes=notes,
        consent_marketing=bool(consent_marketing),
        consent_data_processing=bool(consent_data_processing),
        consents=consents.given(said, version=consent_version, language=language),
        language=language,
        page=page,
    )
    lead = leads.add(agent.company_id, new)
    leads.tell(Type.LEAD_REGISTERED, lead)
    return welcome(lead)


def refresh(token: str) -> RegisteredLead:
    """New tokens for a visitor's refresh token, which stays good until it expires: two tabs may come with the same.
    Raises a 401 when the lead, the agent or the company is gone or takes nobody."""
    principal = authentication.by_lead_refresh_token(token)
    company_id = principal.company()
    lead = leads.get_own(principal)
    agent = lead.agent_id and agent_rows.get(company_id=company_id, agent_id=lead.agent_id)
    if not agent or agent.status != AgentStatus.ACTIVE:
        raise SessionEnded
    return welcome(lead)


def welcome(lead: Lead) -> RegisteredLead:
    """Tokens for a lead."""
    return RegisteredLead(
        lead, tokens.issue_lead(lead.id), tokens.issue_lead_refresh(lead.id), settings().lead_token_hours * 3600
    )
