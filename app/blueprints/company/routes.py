"""Companies."""

from typing import Any
from uuid import UUID

from flask import Response, request

from app.blueprints.company.schemas import (
    SIGN_UP_FORM,
    CascadeDeleteRequest,
    CascadeDeleteResponse,
    CompanyIdsRequest,
    CompanyIdsResponse,
    CompanyPage,
    CreateCompanyRequest,
    CreatedCompanyResponse,
    LeadStatisticsResponse,
    PatchCompanyRequest,
    RelatedDataResponse,
    StatisticsQuery,
    UpdateCompanyRequest,
)
from app.core.paging import Page, PageRequest
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, public, requires
from app.http.schemas import PageQuery
from app.http.shared import CompanyResponse
from app.models.company import Company
from app.models.user import Role
from app.security.scopes import Resource, Scope
from app.services import companies, company_deletion, logos
from app.services.companies import LeadStatistics, NewCompany, RelatedRows
from app.services.company_deletion import Progress

blp = Blueprint("company", __name__, description="Companies: sign-up, administration, deletion and restoring.")

_ADMINS = (Role.ADMIN, Role.SUPER_ADMIN)
_SUPER = (Role.SUPER_ADMIN,)
_BOTH = (Credential.API_KEY, Credential.JWT)
_COMPANIES = Resource.COMPANIES
_FORM = "multipart/form-data"


@blp.post("/v1/company")
@public(category=Category.AUTHENTICATION, accepts=("application/json", _FORM))
@blp.arguments(CreateCompanyRequest, location="json_or_form")
@blp.response(201, CreatedCompanyResponse)
@blp.doc(requestBody=SIGN_UP_FORM)
def create_company(body: dict[str, Any]) -> Any:
    """Sign a company up; the answer holds the token that its first admin registers with"""
    upload = request.files.get("logo")
    content = upload.read() if upload else None
    signed_up = companies.sign_up(NewCompany(**body, logo_content=content))
    company = signed_up.company
    shown = {name: getattr(company, name) for name in CompanyResponse().fields}
    return {**shown, "setup_token": signed_up.setup_token}, 201, {"Location": f"/v1/company/{company.id}"}


@blp.get("/v1/company")
@requires(*_BOTH, scope=Scope.READ, resource=_COMPANIES)
@blp.response(200, CompanyResponse)
def get_company() -> Company:
    """Fetch your company"""
    return companies.get_own(current_principal())


@blp.get("/v1/super-admin/company")
@requires(Credential.JWT, roles=_SUPER)
@blp.arguments(PageQuery, location="query")
@blp.response(200, CompanyPage)
def find_companies(query: dict[str, int]) -> Page[Company]:
    """List all companies"""
    return companies.find_all(PageRequest(**query))


@blp.get("/v1/company/<uuid:company_id>/logo/<string:name>")
@public()
@blp.response(200, {"type": "string", "format": "binary"}, content_type="image/*", description="The picture.")
def get_logo(company_id: UUID, name: str) -> Response:
    """Fetch an uploaded logo"""
    content, content_type = logos.load(company_id, name)
    # A new logo gets a new name, so this one can be kept for good; other sites may show it.
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Response(content, content_type=content_type, headers=headers)


@blp.get("/v1/company/statistics")
@requires(*_BOTH, scope=Scope.READ, resource=_COMPANIES, category=Category.ANALYTICS)
@blp.arguments(StatisticsQuery, location="query")
@blp.response(200, LeadStatisticsResponse)
def get_own_statistics(query: dict[str, int]) -> LeadStatistics:
    """Fetch lead statistics of your company"""
    return companies.lead_statistics(current_principal(), None, **query)


@blp.get("/v1/company/<uuid:company_id>/statistics")
@requires(*_BOTH, scope=Scope.READ, resource=_COMPANIES, category=Category.ANALYTICS)
@blp.arguments(StatisticsQuery, location="query")
@blp.response(200, LeadStatisticsResponse)
def get_statistics(query: dict[str, int], company_id: UUID) -> LeadStatistics:
    """Fetch lead statistics of a company"""
    return companies.lead_statistics(current_principal(), company_id, **query)


@blp.get("/v1/company/deleted")
@requires(*_BOTH, scope=Scope.READ, resource=_COMPANIES)
@blp.arguments(PageQuery, location="query")
@blp.response(200, CompanyPage)
def find_deleted_companies(query: dict[str, int]) -> Page[Company]:
    """List deleted companies: all of them for super admins, none for others"""
    return companies.find_deleted(current_principal(), PageRequest(**query))


@blp.delete("/v1/company/<uuid:company_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_COMPANIES, roles=_ADMINS)
@blp.response(204)
def delete_company(company_id: UUID) -> None:
    """Delete a company softly: its users, keys and visitors are turned away at once"""
    companies.delete(current_principal(), company_id)


@blp.patch("/v1/company/<uuid:company_id>/restore")
@requires(*_BOTH, scope=Scope.WRITE, resource=_COMPANIES, roles=_ADMINS)
@blp.response(200, CompanyResponse)
def restore_company(company_id: UUID) -> Company:
    """Restore a deleted company, with what was deleted together with it"""
    return companies.restore(current_principal(), company_id)


@blp.delete("/v1/company/bulk-delete")
@requires(*_BOTH, scope=Scope.WRITE, resource=_COMPANIES, roles=_ADMINS)
@blp.arguments(CompanyIdsRequest)
@blp.response(200, CompanyIdsResponse)
def delete_companies(body: dict[str, list[UUID]]) -> dict[str, list[UUID]]:
    """Delete several companies softly, all or none"""
    return {"company_ids": companies.delete_many(current_principal(), body["company_ids"])}


@blp.post("/v1/company/bulk-delete")
@requires(*_BOTH, scope=Scope.WRITE, resource=_COMPANIES, roles=_ADMINS)
@blp.arguments(CompanyIdsRequest)
@blp.response(200, CompanyIdsResponse)
def delete_companies_by_post(body: dict[str, list[UUID]]) -> dict[str, list[UUID]]:
    """Delete several companies softly, for clients whose proxies drop the body of a DELETE"""
    return {"company_ids": companies.delete_many(current_principal(), body["company_ids"])}


@blp.patch("/v1/company/bulk-restore")
@requires(*_BOTH, scope=Scope.WRITE, resource=_COMPANIES, roles=_ADMINS)
@blp.arguments(CompanyIdsRequest)
@blp.response(200, CompanyIdsResponse)
def restore_companies(body: dict[str, list[UUID]]) -> dict[str, list[UUID]]:
    """Restore several companies, all or none"""
    return {"company_ids": companies.restore_many(current_principal(), body["company_ids"])}


@blp.get("/v1/company/<uuid:company_id>/related-data")
@requires(Credential.JWT, roles=_SUPER)
@blp.response(200, RelatedDataResponse)
def get_related_data(company_id: UUID) -> RelatedRows:
    """Count what belongs to a company, before it is deleted"""
    return companies.related_counts(current_principal(), company_id)


@blp.delete("/v1/company/<uuid:company_id>/cascade-delete")
@requires(Credential.JWT, roles=_SUPER)
@blp.arguments(CascadeDeleteRequest, required=False)
@blp.response(200, CascadeDeleteResponse)
@blp.alt_response(202, schema=CascadeDeleteResponse, description="What is left goes in the background.")
def delete_company_cascading(body: dict[str, bool], company_id: UUID) -> Any:
    """Delete a company and, when asked to, everything that belongs to it"""
    return _cascade(body, company_id)


@blp.post("/v1/company/<uuid:company_id>/cascade-delete")
@requires(Credential.JWT, roles=_SUPER)
@blp.arguments(CascadeDeleteRequest, required=False)
@blp.response(200, CascadeDeleteResponse)
@blp.alt_response(202, schema=CascadeDeleteResponse, description="What is left goes in the background.")
def delete_company_cascading_by_post(body: dict[str, bool], company_id: UUID) -> Any:
    """Delete a company, for clients whose proxies drop the body of a DELETE"""
    return _cascade(body, company_id)


@blp.get("/v1/company/<uuid:company_id>/cascade-delete")
@requires(Credential.JWT, roles=_SUPER)
@blp.response(200, CascadeDeleteResponse)
def get_deletion(company_id: UUID) -> Progress:
    """Fetch how far the last deletion of a company, or its way back, is"""
    return company_deletion.progress(current_principal(), company_id)


@blp.put("/v1/company/<uuid:company_id>")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_COMPANIES, roles=_ADMINS)
@blp.arguments(UpdateCompanyRequest)
@blp.response(200, CompanyResponse)
def update_company(body: dict[str, Any], company_id: UUID) -> Company:
    """Change a company's details"""
    return companies.change(current_principal(), company_id, body)


@blp.patch("/v1/company/<uuid:company_id>")
@requires(Credential.JWT, roles=_SUPER)
@blp.arguments(PatchCompanyRequest)
@blp.response(200, CompanyResponse)
def patch_company(body: dict[str, Any], company_id: UUID) -> Company:
    """Change a company's details, its status and its rate limits"""
    return companies.change(current_principal(), company_id, body)


def _cascade(body: dict[str, bool], company_id: UUID) -> Any:
    begun = companies.delete_cascading(current_principal(), company_id, **body)
    return begun, 202 if begun.is_running else 200
