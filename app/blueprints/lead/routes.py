"""Leads: the visitors of a company's site."""

from typing import Any
from uuid import UUID

from app.blueprints.lead.schemas import (
    CreateLeadRequest,
    IdentifyLeadRequest,
    LeadPage,
    LeadQuery,
    LeadResponse,
    OwnLeadResponse,
    RegisteredLeadResponse,
    RegisterLeadRequest,
    UpdateLeadRequest,
    UpdateOwnLeadRequest,
)
from app.core.paging import Page, PageRequest
from app.errors import Unauthenticated
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.request_context import asking_page
from app.http.requires import Credential, bearer_token, current_principal, public, requires
from app.models.lead import Lead
from app.security.scopes import Resource, Scope
from app.services import lead_identity, lead_registration, leads
from app.services.lead_registration import RegisteredLead
from app.services.leads import NewLead

blp = Blueprint("lead", __name__, description="Leads: visitors of a company's site who said who they are.")

_BOTH = (Credential.API_KEY, Credential.JWT)
_LEADS = Resource.LEADS


@blp.post("/v1/lead/register")
@public(category=Category.VISITORS)
@blp.arguments(RegisterLeadRequest)
@blp.response(201, RegisteredLeadResponse)
def register_lead(body: dict[str, Any]) -> Any:
    """Register a visitor of an agent's widget; the answer holds the tokens for their conversations"""
    agent_id = body.pop("agent_id")
    return lead_registration.register(agent_id, asking_page(), **body), 201, {"Location": "/v1/lead/me"}


@blp.post("/v1/lead/identify")
@public(category=Category.VISITORS)
@blp.arguments(IdentifyLeadRequest)
@blp.response(200, RegisteredLeadResponse)
def identify_lead(body: dict[str, Any]) -> RegisteredLead:
    """Let a visitor in whom their company identifies by a token that it signed; the same one every time"""
    return lead_identity.identify(body["agent_id"], asking_page(), token=body["token"])


@blp.post("/v1/lead/refresh")
@public(category=Category.VISITORS)
@blp.response(200, RegisteredLeadResponse)
def refresh_lead() -> RegisteredLead:
    """Get new tokens for a visitor's refresh token, which comes as Authorization: Bearer"""
    token = bearer_token()
    if token is None:
        raise Unauthenticated("Send the refresh token as Authorization: Bearer.")
    return lead_registration.refresh(token)


@blp.get("/v1/lead/me")
@requires(Credential.LEAD)
@blp.response(200, OwnLeadResponse)
def get_own_lead() -> Lead:
    """Fetch your profile, as a visitor"""
    return leads.get_own(current_principal())


@blp.put("/v1/lead/me")
@requires(Credential.LEAD)
@blp.arguments(UpdateOwnLeadRequest)
@blp.response(200, OwnLeadResponse)
def update_own_lead(body: dict[str, Any]) -> Lead:
    """Change your profile, as a visitor"""
    return leads.change_own(current_principal(), body)


@blp.post("/v1/lead")
@requires(*_BOTH, scope=Scope.WRITE, resource=_LEADS)
@blp.arguments(CreateLeadRequest)
@blp.response(201, LeadResponse)
def create_lead(body: dict[str, Any]) -> Any:
    """Add a lead to your company"""
    lead = leads.create(current_principal(), NewLead(**body))
    return lead, 201, {"Location": f"/v1/lead/{lead.id}"}


@blp.get("/v1/lead/company")
@requires(*_BOTH, scope=Scope.READ, resource=_LEADS)
@blp.arguments(LeadQuery, location="query")
@blp.response(200, LeadPage)
def find_leads(query: dict[str, Any]) -> Page[Lead]:
    """List the leads of your company, the newest first"""
    wanted = PageRequest(query["page"], query["per_page"])
    return leads.find(current_principal(), wanted, status=query["status"], search=query["search"])


@blp.get("/v1/lead/<uuid:lead_id>")
@requires(*_BOTH, scope=Scope.READ, resource=_LEADS)
@blp.response(200, LeadResponse)
def get_lead(lead_id: UUID) -> Lead:
    """Fetch a lead of your company"""
    return leads.get(current_principal(), lead_id)


@blp.put("/v1/lead/<uuid:lead_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_LEADS)
@blp.arguments(UpdateLeadRequest)
@blp.response(200, LeadResponse)
def update_lead(body: dict[str, Any], lead_id: UUID) -> Lead:
    """Change a lead of your company"""
    return leads.change(current_principal(), lead_id, body)


@blp.delete("/v1/lead/<uuid:lead_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_LEADS)
@blp.response(204)
def delete_lead(lead_id: UUID) -> None:
    """Delete a lead softly, with their conversations; their token stops working at once"""
    leads.delete(current_principal(), lead_id)
