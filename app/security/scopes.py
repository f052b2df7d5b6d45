"""Scopes and permissions, as tables."""

from collections.abc import Iterable
from enum import StrEnum

from app.models.user import Role


class Scope(StrEnum):
    """Each includes the ones before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


_RANK = {Scope.READ: 1, Scope.WRITE: 2, Scope.ADMIN: 3}

ROLE_SCOPES: dict[Role, frozenset[Scope]] = {
    Role.SUPER_ADMIN: frozenset(Scope),
    Role.ADMIN: frozenset(Scope),
    Role.SUPPORTER: frozenset({Scope.READ, Scope.WRITE}),
    Role.MEMBER: frozenset({Scope.READ, Scope.WRITE}),
}


class Resource(StrEnum):
    """What an API key's permissions can name; one per blueprint, as integrators see them."""

    ADDRESSES = "addresses"
    AGENTS = "agents"
    ANALYTICS = "analytics"
    AUDIT = "audit"
    COMPANIES = "companies"
    CONVERSATIONS = "conversations"
    DATABASES = "databases"
    DOCUMENTS = "documents"
    LEADS = "leads"
    PROFILE = "profile"
    SETTINGS = "settings"
    USERS = "users"
    WEBHOOKS = "webhooks"


def includes(held: Scope, wanted: Scope) -> bool:
    """Whether holding one scope is enough for another."""
    return _RANK[held] >= _RANK[wanted]


def with_included(held: Iterable[Scope]) -> frozenset[Scope]:
    """The scopes that somebody has who holds these: each with the ones before it."""
    return frozenset(wanted for wanted in Scope for each in held if includes(each, wanted))
