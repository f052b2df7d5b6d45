"""Who is calling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from app.errors import Forbidden, Invalid
from app.models.user import Role
from app.security.scopes import ROLE_SCOPES, Resource, Scope, includes


class PrincipalKind(StrEnum):
    """The three kinds of caller."""

    USER = "user"
    API_KEY = "api_key"
    LEAD = "lead"


class CompanyRequired(Invalid):
    """A super admin belongs to no company and must name the one that is meant."""

    code = "company_required"
    detail = "You act for the platform: name the company with ?company_id=."


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request, after authentication. Routes never look at headers; they ask this."""

    kind: PrincipalKind
    id: UUID
    # The company in whose name the call acts; None for a super admin who has named none.
    company_id: UUID | None
    # A user's own role; for an API key the role of the user who made it; None for a lead.
    role: Role | None
    scopes: frozenset[Scope] = frozenset()
    # What an API key is narrowed to; None: no narrowing.
    permissions: Mapping[str, Sequence[str]] | None = None
    # The user behind the call: the user itself, or the maker of the API key.
    user_id: UUID | None = None
    session_id: UUID | None = None
    impersonator_id: UUID | None = None
    # Calls a minute by category, where the company differs from the installation's defaults.
    rate_limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_super_admin(self) -> bool:
        """Whether the caller is the platform's, by token or by key."""
        return self.role is Role.SUPER_ADMIN

    @property
    def name(self) -> str:
        """Tells callers apart: `<kind>:<id>`."""
        return f"{self.kind}:{self.id}"

    def company(self) -> UUID:
        """The company in whose name the call acts; raises `CompanyRequired` when there is none."""
        if self.company_id is None:
            raise CompanyRequired
        return self.company_id

    def allows(self, scope: Scope, resource: Resource | None) -> bool:
        """Whether scopes and, for a narrowed key, permissions allow `scope` on `resource`."""
        if not any(includes(held, scope) for held in self.scopes):
            return False
        if self.permissions is None:
            return True
        granted = self.permissions.get(resource.value, ()) if resource else ()
        return any(includes(Scope(action), scope) for action in granted)

    def may_make(self, role: Role) -> bool:
        """Whether the caller may give somebody this role: nobody gives more than they have themselves.

        Adding people is what `users: ["write"]` grants, so a narrowed key may add members and supporters; an admin
        would have more power than any narrowed key.
        """
        if role is Role.SUPER_ADMIN or (role is Role.ADMIN and self.permissions is not None):
            return False
        return ROLE_SCOPES[role] <= self.scopes

    def require_role(self, *roles: Role) -> None:
        """Raises `Forbidden` unless the caller (or the maker of the key) has one of `roles`."""
        if self.role not in roles:
            raise Forbidden(f"This needs the role {' or '.join(roles)}.")
