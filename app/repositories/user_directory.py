"""The directory of users: filters and orders for those who administer them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, or_, select

from app.core.paging import Page, PageRequest, paginate
from app.core.transaction import session
from app.models.api_key import ApiKey
from app.models.login_throttle import LoginThrottle
from app.models.user import Role, User, UserStatus
from app.models.user_session import UserSession
from app.repositories.folding import contains
from app.repositories.ownership import owned_by


class SortBy(StrEnum):
    """What the directory can be ordered by."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    LAST_LOGIN_AT = "last_login_at"
    EMAIL = "email"
    USERNAME = "username"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    ROLE = "role"
    STATUS = "status"


class SortOrder(StrEnum):
    """Upwards or downwards."""

    ASC = "asc"
    DESC = "desc"


@dataclass(frozen=True)
class Filters:
    """Which users are wanted; None: whichever. All of them have to fit."""

    status: UserStatus | None = None
    role: Role | None = None
    email_verified: bool | None = None
    two_factor_enabled: bool | None = None
    search: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    last_login_after: datetime | None = None
    last_login_before: datetime | None = None
    never_logged_in: bool | None = None
    locked: bool | None = None
    high_login_attempts: bool | None = None
    timezone: str | None = None
    language: str | None = None
    include_deleted: bool = False
    only_deleted: bool = False
    sort_by: SortBy = SortBy.CREATED_AT
    sort_order: SortOrder = SortOrder.DESC


class Failures(NamedTuple):
    """Failed sign-ins in a row, and until when they lock the user out."""

    in_a_row: int
    locked_until: datetime | None


class Credentials(NamedTuple):
    """What a user can call with at the moment."""

    sessions: int
    api_keys: int


def find_page(
    *, company_id: UUID | None, filters: Filters, many_failures: int, at: datetime, wanted: PageRequest
) -> Page[User]:
    """A page of the company's users (of the platform's for None). From `many_failures` on there are many."""
    return paginate(_statement(filters, many_failures, at).where(owned_by(User, company_id)), wanted)


def find_page_across_companies(
    *, filters: Filters, many_failures: int, at: datetime, wanted: PageRequest
) -> Page[User]:
    """The same over all companies and the platform."""
    return paginate(_statement(filters, many_failures, at), wanted)


def find_failures(emails: Sequence[str]) -> dict[str, Failures]:
    """The failed sign-ins of those of the e-mails that have any, by the e-mail in lower case."""
    wanted = [email.lower() for email in emails]
    statement = select(LoginThrottle.email, LoginThrottle.failures, LoginThrottle.locked_until)
    rows = session().execute(statement.where(LoginThrottle.email.in_(wanted)))
    return {row.email: Failures(row.failures, row.locked_until) for row in rows}


def count_credentials(*, company_id: UUID | None, user_id: UUID, at: datetime) -> Credentials:
    """How many sessions and API keys of a user would be taken at `at`."""
    sessions = select(func.count()).where(
        owned_by(UserSession, company_id),
        UserSession.user_id == user_id,
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > at,
    )
    keys = select(func.count()).where(
        owned_by(ApiKey, company_id),
        ApiKey.created_by == user_id,
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > at),
    )
    return Credentials(session().scalar(sessions) or 0, session().scalar(keys) or 0)


def _statement(filters: Filters, many_failures: int, at: datetime) -> Select[Any]:
    statement = select(User)
    if filters.locked is not None or filters.high_login_attempts is not None:
        statement = statement.outerjoin(LoginThrottle, LoginThrottle.email == func.lower(User.email))
    criteria = [*_of_the_user(filters), *_of_sign_ins(filters, many_failures, at)]
    column = getattr(User, filters.sort_by)
    order = [column.asc().nulls_last(), User.id.asc()]
    if filters.sort_order is SortOrder.DESC:
        order = [column.desc().nulls_last(), User.id.desc()]
    return statement.where(*criteria).order_by(*order)


def _of_the_user(filters: Filters) -> list[ColumnElement[bool]]:
    criteria: list[ColumnElement[bool]] = []
    for name in ("status", "role", "timezone", "language"):
        if (value := getattr(filters, name)) is not None:
            criteria.append(getattr(User, name) == value)
    if filters.email_verified is not None:
        criteria.append(_is_set(User.email_verified_at, filters.email_verified))
    if filters.two_factor_enabled:
        criteria.append(false())  # nobody has a second factor: there is none yet
    if filters.search:
        whole_name = func.concat(User.first_name, " ", User.last_name)
        criteria.append(or_(*(contains(each, filters.search) for each in (User.email, User.username, whole_name))))
    if filters.created_after is not None:
        criteria.append(User.created_at >= filters.created_after)
    if filters.created_before is not None:
        criteria.append(User.created_at < filters.created_before)
    if filters.only_deleted:
        criteria.append(User.deleted_at.is_not(None))
    elif not filters.include_deleted:
        criteria.append(User.deleted_at.is_(None))
    return criteria


def _of_sign_ins(filters: Filters, many_failures: int, at: datetime) -> list[ColumnElement[bool]]:
    criteria: list[ColumnElement[bool]] = []
    if filters.last_login_after is not None:
        criteria.append(User.last_login_at >= filters.last_login_after)
    if filters.last_login_before is not None:
        criteria.append(User.last_login_at < filters.last_login_before)
    if filters.never_logged_in is not None:
        criteria.append(_is_set(User.last_login_at, not filters.never_logged_in))
    if filters.locked is not None:
        criteria.append(func.coalesce(LoginThrottle.locked_until > at, false()).is_(filters.locked))
    if filters.high_login_attempts is not None:
        criteria.append((func.coalesce(LoginThrottle.failures, 0) >= many_failures).is_(filters.high_login_attempts))
    return criteria


def _is_set(column: Any, wanted: bool) -> ColumnElement[bool]:
    criterion: ColumnElement[bool] = column.is_not(None) if wanted else column.is_(None)
    return criterion
