"""The directory of users, as those see it who administer them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.core.clock import now
from app.core.paging import Page, PageRequest
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.models.user import User
from app.repositories import user_directory
from app.repositories.user_directory import Failures, Filters
from app.security.principal import Principal
from app.services import accounts, authentication

_NONE = Failures(0, None)
_SHOWN = (
    "id",
    "company_id",
    "email",
    "username",
    "first_name",
    "last_name",
    "role",
    "status",
    "email_verified_at",
    "last_login_at",
    "timezone",
    "language",
    "preferences",
    "password_changed_at",
    "created_at",
    "updated_at",
    "deleted_at",
)


def find(principal: Principal, filters: Filters, wanted: PageRequest) -> Page[dict[str, Any]]:
    """A page of the company's users; for a super admin who names no company, of everybody."""
    how: dict[str, Any] = {"filters": filters, "many_failures": many_failures(), "at": now(), "wanted": wanted}
    if principal.is_super_admin and principal.company_id is None:
        with across_companies("super admins see the users of all companies"):
            return _described(user_directory.find_page_across_companies(**how))
    return _described(user_directory.find_page(company_id=principal.company(), **how))


def find_of(principal: Principal, company_id: UUID, filters: Filters, wanted: PageRequest) -> Page[dict[str, Any]]:
    """A page of the users of the company that a super admin names."""
    company = authentication.acting_for(principal, company_id)
    return _described(
        user_directory.find_page(
            company_id=company, filters=filters, many_failures=many_failures(), at=now(), wanted=wanted
        )
    )


def get(principal: Principal, user_id: UUID) -> dict[str, Any]:
    """One user, deleted or not, with what they can sign in with; raises `NotFound`."""
    user = accounts.enter(principal, user_id, include_deleted=True)
    credentials = user_directory.count_credentials(company_id=user.company_id, user_id=user.id, at=now())
    (described,) = _described_all([user])
    return {**described, "active_sessions": credentials.sessions, "active_api_keys": credentials.api_keys}


def many_failures() -> int:
    """From how many failed sign-ins in a row on a user has many: half of those that lock them out."""
    return -(-settings().login_failures_allowed // 2)


def _described(page: Page[User]) -> Page[dict[str, Any]]:
    return Page(_described_all(page.items), page.pagination)


def _described_all(found: Sequence[User]) -> list[dict[str, Any]]:
    failures = user_directory.find_failures([user.email for user in found])
    return [_one(user, failures.get(user.email.lower(), _NONE)) for user in found]


def _one(user: User, failures: Failures) -> dict[str, Any]:
    locked = failures.locked_until is not None and failures.locked_until > now()
    return {
        **{name: getattr(user, name) for name in _SHOWN},
        "email_verified": user.email_verified_at is not None,
        "two_factor_enabled": False,
        "failed_logins": failures.in_a_row,
        "locked_until": failures.locked_until if locked else None,
    }
