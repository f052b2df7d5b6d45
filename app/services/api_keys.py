"""API keys: made by users, owned by companies, shown once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.core.clock import now
from app.core.crypto import keyring
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.core.tenancy import across_companies
from app.core.transaction import after_commit, transaction
from app.errors import Forbidden, NotFound
from app.models.api_key import ApiKey
from app.models.audit_entry import RiskLevel
from app.models.user import Role
from app.models.webhook_event import WebhookEventType as Type
from app.realtime import publisher
from app.repositories import api_keys
from app.security import api_keys as credentials
from app.security.principal import Principal, PrincipalKind
from app.security.scopes import Scope
from app.services import audit, sessions, webhook_events, webhook_payloads
from app.services.audit import Event

_DEFAULT_SCOPES = (Scope.READ,)
_EXPIRED_AT_ONCE = 500


@dataclass(frozen=True)
class CreatedApiKey:
    """A new key with its secret, which nobody can see again."""

    key: ApiKey
    secret: str


def create(
    principal: Principal,
    *,
    name: str,
    scopes: Sequence[Scope] = _DEFAULT_SCOPES,
    permissions: Mapping[str, Sequence[str]] | None = None,
    expires_in_days: int | None = None,
) -> CreatedApiKey:
    """A key of the caller's company that can do at most what the caller can."""
    exceeding = sorted(set(scopes) - principal.scopes)
    if exceeding:
        raise Forbidden(f"You can't give a key the scope {', '.join(exceeding)}: you don't have it yourself.")
    if principal.user_id is None:
        raise Forbidden("Only a user can create an API key.")
    fresh = credentials.generate()
    key = ApiKey(
        id=new_id(),
        company_id=principal.company_id,
        key=fresh.key,
        secret_hash=keyring().keyed_hash(fresh.secret),
        name=name,
        scopes=sorted(set(scopes), key=list(Scope).index),
        permissions=None if permissions is None else {name: list(actions) for name, actions in permissions.items()},
        created_by=principal.user_id,
        expires_at=now() + timedelta(days=expires_in_days) if expires_in_days else None,
    )
    api_keys.add(key)
    audit.record(
        Event.API_KEY_CREATED,
        "api_key",
        key.id,
        company_id=key.company_id,
        by=principal,
        after={"name": name, "scopes": key.scopes, "permissions": key.permissions, "expires_at": key.expires_at},
        risk=RiskLevel.HIGH if Scope.ADMIN in scopes else RiskLevel.MEDIUM,
    )
    _tell(Type.API_KEY_CREATED, key)
    return CreatedApiKey(key, fresh.secret)


def find_own(principal: Principal, wanted: PageRequest) -> Page[ApiKey]:
    """The working keys that the caller made."""
    if principal.user_id is None:
        raise Forbidden
    return api_keys.find_active_by_maker(
        company_id=principal.company_id, user_id=principal.user_id, at=now(), wanted=wanted
    )


def revoke(principal: Principal, key_id: UUID) -> None:
    """Ends a key at once: one's own or, for admins, any of the company. Ending it twice is no error."""
    key = api_keys.get(company_id=principal.company_id, key_id=key_id)
    if key is None:
        raise NotFound
    if key.created_by != principal.user_id and principal.role not in {Role.ADMIN, Role.SUPER_ADMIN}:
        # Others' keys are not listed for members, so they don't exist for them either.
        raise NotFound
    if api_keys.revoke(company_id=principal.company_id, key_id=key_id, at=now()):
        after_commit(lambda: publisher.recheck_caller(f"{PrincipalKind.API_KEY}:{key_id}"))
        if key.company_id is None:
            sessions.end_begun_with(key.id, because="API key revoked")
        audit.record(
            Event.API_KEY_REVOKED,
            "api_key",
            key.id,
            company_id=key.company_id,
            by=principal,
            before={"name": key.name, "scopes": key.scopes},
            risk=RiskLevel.MEDIUM,
        )
        _tell(Type.API_KEY_REVOKED, key)


def tell_expired() -> int:
    """Tells webhooks of the keys that have expired since the last time; returns how many."""
    with transaction(), across_companies("keys of all companies expire"):
        expired = api_keys.take_expired_across_companies(at=now(), limit=_EXPIRED_AT_ONCE)
        for key in expired:
            _tell(Type.API_KEY_EXPIRED, key)
    return len(expired)


def _tell(event_type: Type, key: ApiKey) -> None:
    if key.company_id is not None:  # the platform has no webhooks
        webhook_events.record(key.company_id, event_type, key.id, lambda: webhook_payloads.api_key(key))
