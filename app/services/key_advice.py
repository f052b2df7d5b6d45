"""What an API key was given and what it uses: the narrower key that would do."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.window import Window
from app.errors import NotFound
from app.models.user import Role
from app.repositories import call_figures
from app.security.principal import Principal
from app.security.scopes import Resource, Scope, includes
from app.services import call_analytics, figures, rollups

_LONG_UNUSED = timedelta(days=30)
_MANY_ERRORS = 0.2
# What these routes can ask for besides the scope that is recorded of their calls: it hangs on the body.
_OF_EVENTS = (Resource.CONVERSATIONS, Resource.LEADS, Resource.DOCUMENTS, Resource.USERS)
_ALSO_READ = {
    ("POST", "/v1/analytic/export"): (Resource.CONVERSATIONS, Resource.LEADS, Resource.AGENTS),
    ("POST", "/v1/webhook"): _OF_EVENTS,
    ("PUT", "/v1/webhook/<uuid:webhook_id>"): _OF_EVENTS,
}


def advise(principal: Principal, key_id: UUID, window: Window) -> dict[str, Any]:
    """Compares a key with its calls in the window: one's own or, for admins, any of the company. Raises `NotFound`."""
    company_id = principal.company()
    key = call_analytics.get_key(company_id, key_id)
    if key.created_by != principal.user_id and principal.role not in {Role.ADMIN, Role.SUPER_ADMIN}:
        raise NotFound
    current = rollups.refresh(company_id, window.asked_at, patient=False)
    of: dict[str, Any] = {"company_id": company_id, "window": window, "key_id": key_id}
    totals, needs = call_figures.totals(**of), call_figures.needs(**of)
    # A refused call shows what somebody tried, not what the key needs; one that asks nothing needs no scope.
    used = [row for row in needs if row.scope and row.requests > row.refused]
    narrower = _narrower(used, _also_read(key, call_figures.endpoints(**of)))
    failed = totals.client_errors + totals.server_errors
    return {
        "period": figures.period(window, current),
        "api_key_id": key.id,
        "name": key.name,
        "granted": {"scopes": key.scopes, "permissions": key.permissions},
        "used": [
            {
                "scope": row.scope or None,
                "resource": row.resource or None,
                "requests": row.requests,
                "refused": row.refused,
            }
            for row in needs
        ],
        "last_used_at": key.last_used_at,
        "requests": totals.requests,
        "error_rate": figures.share(failed, totals.requests),
        "errors": [
            {"status": row.status, "code": row.error_code or None, "requests": row.requests}
            for row in call_figures.errors(**of)
        ],
        "suggested": narrower if _is_narrower(key, narrower) else None,
        "advice": _sentences(key, totals, used, narrower, window),
    }


def _also_read(key: Any, called: Sequence[Any]) -> set[Resource]:
    """What the key may have read by calls whose body says what of: all that it can, of what they take."""
    worked = [row for row in called if row.requests > row.client_errors + row.server_errors]
    wanted = {each for row in worked for each in _ALSO_READ.get((row.method, row.endpoint), ())}
    return {each for each in wanted if key.permissions is None or key.permissions.get(each.value)}


def _narrower(used: list[Any], also_read: Iterable[Resource]) -> dict[str, Any] | None:
    """Scopes and permissions that are just enough; None when nothing was used."""
    if not used:
        return None
    highest: dict[str, Scope] = {each.value: Scope.READ for each in also_read}
    for row in used:
        wanted = Scope(row.scope)
        if row.resource not in highest or includes(wanted, highest[row.resource]):
            highest[row.resource] = wanted
    top = max(highest.values(), key=list(Scope).index)
    known = {resource.value for resource in Resource}
    permissions = {resource: [scope.value] for resource, scope in sorted(highest.items()) if resource in known}
    return {"scopes": [top.value], "permissions": permissions}


def _is_narrower(key: Any, narrower: dict[str, Any] | None) -> bool:
    return narrower is not None and (_rank(key.scopes), _allowed(key.permissions)) != (
        _rank(narrower["scopes"]),
        _allowed(narrower["permissions"]),
    )


def _rank(scopes: list[str]) -> int:
    return max((list(Scope).index(Scope(each)) for each in scopes), default=-1)


def _allowed(permissions: dict[str, list[str]] | None) -> dict[str, int] | None:
    return None if permissions is None else {name: _rank(actions) for name, actions in permissions.items() if actions}


def _sentences(key: Any, totals: Any, used: list[Any], narrower: dict[str, Any] | None, window: Window) -> list[str]:
    said = []
    if key.revoked_at is not None:
        said.append("This key is revoked: nothing is left to be narrowed.")
    elif window.asked_at - (key.last_used_at or key.created_at) > _LONG_UNUSED:
        said.append("Nobody has used this key for a month: revoke it if nothing needs it.")
    elif narrower and _is_narrower(key, narrower):
        said.append("What this key did needs less than it was given: make the suggested one and revoke this.")
    if key.expires_at is None and key.revoked_at is None:
        said.append("This key never expires: give the next one a life.")
    failed = totals.client_errors + totals.server_errors
    if totals.requests and failed / totals.requests > _MANY_ERRORS:
        said.append("More than a fifth of its calls fail: see `errors`.")
    if totals.rate_limited:
        said.append("It ran into rate limits: spread its calls, or ask for a higher limit.")
    if totals.requests and not used:
        said.append("It called nothing that needs a scope.")
    return said
