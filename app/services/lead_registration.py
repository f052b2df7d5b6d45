"""How a visitor of a website becomes a lead: they say who they are, and get a token for their conversations."""

from dataclasses import dataclass
from uuid import UUID

from app.core.settings import settings
from app.errors import Invalid
from app.models.lead import Lead
from app.security import tokens
from app.services import agents, leads
from app.services.leads import NewLead

_SOURCE = "widget"


class ConsentRefused(Invalid):
    """The visitor said that their data may not be kept."""

    code = "consent_required"
    detail = "Without consent to the processing of their data a visitor's details can't be stored."


@dataclass(frozen=True)
class RegisteredLead:
    """A new lead and their token. `expires_in` is its life in seconds."""

    lead: Lead
    access_token: str
    expires_in: int
    token_type: str = "Bearer"


def register(
    agent_id: UUID,
    *,
    first_name: str,
    last_name: str,
    email: str,
    phone: str | None = None,
    source: str | None = None,
    notes: str | None = None,
    consent_marketing: bool = False,
    consent_data_processing: bool | None = None,
) -> RegisteredLead:
    """A new lead of the agent's company, whatever the e-mail: one that a stranger types must never open somebody's
    earlier conversations. Raises `NotFound` for an agent that takes no visitors and `ConsentRefused`."""
    if consent_data_processing is False:
        raise ConsentRefused(errors={"consent_data_processing": [ConsentRefused.detail]})
    agent = agents.enter_by_agent(agent_id)
    new = NewLead(
        agent_id=agent.id,
        first_name=first_name,
        last_name=last_name,
        email=email,
        phone=phone,
        source=source or _SOURCE,
        notes=notes,
        consent_marketing=consent_marketing,
        consent_data_processing=bool(consent_data_processing),
    )
    lead = leads.add(agent.company_id, new)
    return RegisteredLead(lead, tokens.issue_lead(lead.id), settings().lead_token_hours * 3600)
