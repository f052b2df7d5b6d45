"""Companies: sign-up, reading, changing, deleting and restoring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.ids import new_id
from app.core.paging import Page, PageRequest, Pagination
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models.audit_entry import RiskLevel
from app.models.company import Company
from app.repositories import addresses, belongings, companies, leads
from app.security.principal import Principal
from app.services import audit, authentication, company_deletion, links, logos
from app.services.audit import Event
from app.services.company_deletion import Progress


class SignupClosed(Forbidden):
    """This installation makes companies by invitation of its operator only."""

    code = "signup_closed"
    detail = "New companies can't sign up here. Ask the operator of this installation."


class AlreadyDeleted(Conflict):
    """The company has been deleted before."""

    code = "already_deleted"
    detail = "This company is deleted already."


class NotDeleted(Conflict):
    """Only a deleted company can be restored."""

    code = "not_deleted"
    detail = "This company is not deleted."


@dataclass(frozen=True)
class NewCompany:
    """A company to be. `logo` is an address, `logo_content` an uploaded picture; at most one of them is given."""

    name: str
    email: str
    phone: str | None = None
    logo: str | None = None
    logo_content: bytes | None = None
    address_id: UUID | None = None


@dataclass(frozen=True)
class SignedUp:
    """A new company and the token with which its first admin registers."""

    company: Company
    setup_token: str


@dataclass(frozen=True)
class LeadStatistics:
    """Leads of a company; all but `total` of the last `days` days."""

    company_id: UUID
    days: int
    total: int
    recent: int
    by_status: dict[str, int]
    by_source: dict[str, int]
    by_day: dict[str, int]
    conversion_rate: float


@dataclass(frozen=True)
class RelatedRows:
    """Rows of a company by table, of every table; `cascades` are the tables whose rows a deletion can take along."""

    company_id: UUID
    counts: dict[str, int]
    total: int
    cascades: list[str]


def sign_up(new: NewCompany) -> SignedUp:
    """A new company; raises `SignupClosed` where the operator doesn't want that."""
    if not settings().allow_signup:
        raise SignupClosed
    if new.address_id is not None:
        # An address belongs to a company, and this one has none yet.
        raise Invalid(
            "A new company can't have an address yet.",
            errors={"address_id": ["Create the address with POST /v1/address after signing up."]},
        )
    company_id = new_id()
    tenancy.enter_company(company_id)
    logo = logos.store(company_id, new.logo_content) if new.logo_content else new.logo
    company = Company(id=company_id, name=new.name, email=new.email, phone=new.phone, logo=logo)
    companies.add(company)
    audit.record(
        Event.COMPANY_CREATED,
        "company",
        company_id,
        company_id=company_id,
        by=None,
        after={"name": new.name, "email": new.email},
        risk=RiskLevel.MEDIUM,
    )
    return SignedUp(company, links.issue_setup_token(company_id))


def get_own(principal: Principal) -> Company:
    """The caller's company."""
    company = companies.get(principal.company())
    if company is None:
        raise NotFound
    return company


def find_all(wanted: PageRequest) -> Page[Company]:
    """All live companies, for super admins."""
    with across_companies("the super admins' list of companies"):
        return companies.find_page_across_companies(wanted, deleted=False)


def find_deleted(principal: Principal, wanted: PageRequest) -> Page[Company]:
    """Deleted companies: all of them for super admins. Others see none, as a deleted company's credentials don't
    work any more."""
    if not principal.is_super_admin:
        return Page([], Pagination(wanted.page, wanted.per_page, 0))
    with across_companies("the super admins' list of deleted companies"):
        return companies.find_page_across_companies(wanted, deleted=True)


def change(principal: Principal, company_id: UUID, changes: Mapping[str, Any]) -> Company:
    """Changes the given fields; `address_id` must be an address of the company, and becomes its primary one."""
    company = _get(principal, company_id)
    if "address_id" in changes:
        _make_primary(company.id, changes["address_id"])
    before = {name: getattr(company, name) for name in changes}
    for name, value in changes.items():
        setattr(company, name, value)
    audit.record(
        Event.COMPANY_CHANGED,
        "company",
        company.id,
        company_id=company.id,
        by=principal,
        before=before,
        after=changes,
        risk=RiskLevel.MEDIUM,
    )
    return company


def delete(principal: Principal, company_id: UUID) -> None:
    """Deletes a company softly: from the next call on its users, keys and visitors are turned away."""
    authentication.acting_for(principal, company_id)
    _delete(principal, company_id, cascades=False)


def restore(principal: Principal, company_id: UUID) -> Company:
    """Brings a deleted company back, with what was deleted together with it."""
    authentication.acting_for(principal, company_id)
    return _restore(principal, company_id)


def delete_many(principal: Principal, company_ids: Sequence[UUID]) -> list[UUID]:
    """Deletes several companies, all or none; raises `NotFound` when one isn't the caller's to delete."""
    # In one order everywhere: two calls with the same companies the other way round would lock each other out.
    for company_id in sorted(set(company_ids)):
        delete(principal, company_id)
    return list(dict.fromkeys(company_ids))


def restore_many(principal: Principal, company_ids: Sequence[UUID]) -> list[UUID]:
    """Restores several companies, all or none."""
    wanted = sorted(set(company_ids))
    for company_id in wanted:
        authentication.acting_for(principal, company_id)
        _restore(principal, company_id, of_many=len(wanted))
    return list(dict.fromkeys(company_ids))


def related_counts(principal: Principal, company_id: UUID) -> RelatedRows:
    """How many rows of every table belong to the company, and what a deletion would take along."""
    company = authentication.acting_for(principal, company_id)
    counts = belongings.count_all(company_id=company)
    cascades = [table.name for table in belongings.restorable_tables()]
    return RelatedRows(company, counts, sum(counts.values()), cascades)


def delete_cascading(principal: Principal, company_id: UUID, *, delete_related: bool) -> Progress:
    """Deletes a company and, when asked to, everything of it that can be restored: what is not gone when this returns
    goes in the background."""
    authentication.acting_for(principal, company_id)
    return _delete(principal, company_id, cascades=delete_related)


def lead_statistics(principal: Principal, company_id: UUID | None, *, days: int) -> LeadStatistics:
    """Counts of leads over the last `days` days."""
    company = authentication.acting_for(principal, company_id)
    since = now() - timedelta(days=days)
    by_status = leads.count_by_status(company_id=company, since=since)
    recent = sum(by_status.values())
    return LeadStatistics(
        company_id=company,
        days=days,
        total=leads.count_all(company_id=company),
        recent=recent,
        by_status=by_status,
        by_source=leads.count_by_source(company_id=company, since=since),
        by_day=leads.count_by_day(company_id=company, since=since),
        conversion_rate=round(by_status.get("converted", 0) / recent, 4) if recent else 0.0,
    )


def _make_primary(company_id: UUID, address_id: UUID | None) -> None:
    addresses.lock(company_id=company_id)
    address = address_id and addresses.get(company_id=company_id, address_id=address_id)
    if address_id is not None and not address:
        raise Invalid(errors={"address_id": ["This is not an address of the company."]})
    addresses.clear_primary(company_id=company_id)
    if address:
        address.is_primary = True


def _get(principal: Principal, company_id: UUID) -> Company:
    company = companies.get(authentication.acting_for(principal, company_id))
    if company is None:
        raise NotFound
    return company


def _delete(principal: Principal, company_id: UUID, *, cascades: bool) -> Progress:
    deletion_id = new_id()
    if not companies.set_deleted(company_id, at=now(), deletion_id=deletion_id):
        raise AlreadyDeleted
    audit.record(
        Event.COMPANY_DELETED,
        "company",
        company_id,
        company_id=company_id,
        by=principal,
        after={"deletion_id": deletion_id, "delete_related": cascades},
        risk=RiskLevel.CRITICAL,
    )
    return company_deletion.begin_deleting(company_id, deletion_id, cascades=cascades)


def _restore(principal: Principal, company_id: UUID, *, of_many: int = 1) -> Company:
    company = companies.get(company_id, include_deleted=True)
    if company is None or company.deleted_at is None or company.deletion_id is None:
        raise NotDeleted
    deletion_id = company.deletion_id
    if not companies.set_deleted(company_id, at=None, deletion_id=None):
        raise NotDeleted  # somebody else was first
    company_deletion.begin_restoring(company_id, deletion_id, of_many=of_many)
    audit.record(
        Event.COMPANY_RESTORED, "company", company_id, company_id=company_id, by=principal, risk=RiskLevel.HIGH
    )
    return company
