"""Leads, as the team and its programs see them, and each lead's own profile."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from app.core.clock import now
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.core.transaction import after_commit
from app.errors import Invalid, NotFound
from app.models.audit_entry import RiskLevel
from app.models.lead import Lead, LeadStatus
from app.models.webhook_event import WebhookEventType as Type
from app.realtime import publisher
from app.repositories import agents, leads
from app.security.principal import Principal
from app.services import audit, consents, webhook_events, webhook_payloads
from app.services.audit import Event
from app.services.consents import Consent

_CALLED_OFF = "The visitor was deleted before the message was answered."


@dataclass(frozen=True)
class NewLead:
    """A lead to be. `phone` is E.164; `agent_id` is the agent that they met, if any."""

    first_name: str
    last_name: str
    email: str
    agent_id: UUID | None = None
    phone: str | None = None
    source: str | None = None
    notes: str | None = None
    consent_marketing: bool = False
    consent_data_processing: bool = False
    # What they were asked and what they said (app.services.consents).
    consents: Sequence[Consent] = ()
    # The language that the widget spoke with them (BCP 47), and the page that it was on, without its query.
    language: str | None = None
    page: str | None = None


def create(principal: Principal, new: NewLead) -> Lead:
    """A new lead of the caller's company; raises `Invalid` for an agent of another one."""
    company_id = principal.company()
    if new.agent_id is not None and agents.get(company_id=company_id, agent_id=new.agent_id) is None:
        raise Invalid(errors={"agent_id": ["This is not an agent of the company."]})
    lead = add(company_id, new)
    _record(principal, Event.LEAD_CREATED, lead, after=asdict(new))
    tell(Type.LEAD_CREATED, lead)
    return lead


def add(company_id: UUID, new: NewLead) -> Lead:
    """Stores a new lead; the transaction must have entered the company."""
    values = asdict(new) | {"consents": [dict(each) for each in new.consents]}
    lead = Lead(id=new_id(), company_id=company_id, status=LeadStatus.NEW, **values)
    leads.add(lead)
    return lead


def get(principal: Principal, lead_id: UUID) -> Lead:
    """A lead of the caller's company."""
    return get_of(principal.company(), lead_id)


def get_of(company_id: UUID, lead_id: UUID) -> Lead:
    """A lead of a company that the transaction has entered."""
    lead = leads.get(company_id=company_id, lead_id=lead_id)
    if lead is None:
        raise NotFound
    return lead


def get_own(principal: Principal) -> Lead:
    """The lead who is calling."""
    return get(principal, principal.id)


def find(principal: Principal, wanted: PageRequest, *, status: LeadStatus | None, search: str) -> Page[Lead]:
    """The live leads of the caller's company, the newest first."""
    return leads.find_page(company_id=principal.company(), wanted=wanted, status=status, search=search)


def change(principal: Principal, lead_id: UUID, changes: Mapping[str, Any]) -> Lead:
    """Changes the given fields of a lead of the caller's company."""
    lead = get(principal, lead_id)
    before = {name: getattr(lead, name) for name in changes}
    history = consents.added(lead.consents, changes, before)
    for name, value in changes.items():
        setattr(lead, name, value)
    if len(history) != len(lead.consents):
        lead.consents = history
    if before != dict(changes):
        _record(principal, Event.LEAD_CHANGED, lead, before=before, after=changes)
        tell(Type.LEAD_UPDATED, lead)
    return lead


def change_own(principal: Principal, changes: Mapping[str, Any]) -> Lead:
    """Changes the given fields of the profile of the lead who is calling."""
    return change(principal, principal.id, changes)


def delete(principal: Principal, lead_id: UUID) -> None:
    """Deletes a lead softly, with their conversations: their token stops working at once, and what they still waited
    for is called off."""
    company_id, at, deletion_id = principal.company(), now(), new_id()
    # Locked, so that no conversation is opened meanwhile and stays.
    lead = leads.lock(company_id=company_id, lead_id=lead_id)
    if lead is None:
        raise NotFound
    lead.deleted_at, lead.deletion_id = at, deletion_id
    ids = leads.delete_conversations(company_id=company_id, lead_id=lead_id, at=at, deletion_id=deletion_id)
    after_commit(lambda: [publisher.recheck(each) for each in ids])
    leads.fail_turns(
        company_id=company_id, conversation_ids=ids, at=at, error_code="conversation_deleted", error=_CALLED_OFF
    )
    _record(principal, Event.LEAD_DELETED, lead, before={"conversations": len(ids)}, risk=RiskLevel.MEDIUM)
    tell(Type.LEAD_DELETED, lead)


def tell(event_type: Type, lead: Lead) -> None:
    """Tells webhooks what happened to a lead."""
    webhook_events.record(lead.company_id, event_type, lead.id, lambda: webhook_payloads.lead(lead))


def _record(
    principal: Principal,
    event: Event,
    lead: Lead,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    risk: RiskLevel = RiskLevel.LOW,
) -> None:
    audit.record(
        event, "lead", lead.id, company_id=lead.company_id, by=principal, before=before, after=after, risk=risk
    )
