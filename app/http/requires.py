"""The one decorator that guards routes, and the walk of every request: authenticate, count, authorise, answer.

A route without `@requires(...)` or `@public(...)` stops the application from starting.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import wraps
from threading import BoundedSemaphore
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, Response, g, make_response, request

from app.core.transaction import transaction
from app.errors import AppError, Forbidden, NotFound, Unauthenticated, UnsupportedType
from app.http import idempotency, rate_limits, uploads
from app.http.rate_limits import Category
from app.http.request_context import client_network
from app.models.user import Role
from app.security.principal import Principal, PrincipalKind
from app.security.scopes import Resource, Scope
from app.services import authentication, runtime_settings
from app.services.document_uploads import ReceivedFile

View = TypeVar("View", bound=Callable[..., Any])
# Questions are taken in few at a time, first come first served: sixty side by side would all be accepted at the same
# late moment, and the workers would have nothing to do until then.
_questions = BoundedSemaphore(4)
# Takes the received files over for as long as the block runs.
Stage = Callable[[Principal, Sequence[ReceivedFile]], AbstractContextManager[Any]]


class NotWhileImpersonating(Forbidden):
    """What this makes would outlive the quarter of an hour, and go by the user's name."""

    code = "not_while_impersonating"
    detail = "You act as somebody else, and this would last longer than that. Do it in your own name."


class Credential(StrEnum):
    """What a route takes."""

    API_KEY = "api_key"
    JWT = "jwt"
    LEAD = "lead"


_KIND = {
    PrincipalKind.API_KEY: Credential.API_KEY,
    PrincipalKind.USER: Credential.JWT,
    PrincipalKind.LEAD: Credential.LEAD,
}


@dataclass(frozen=True)
class Access:
    """Who may call a route. Without credentials it is public."""

    credentials: frozenset[Credential] = frozenset()
    scope: Scope | None = None
    resource: Resource | None = None
    # Roles of the user or of the key's maker; empty: any.
    roles: frozenset[Role] = frozenset()
    category: Category = Category.GENERAL
    accepts: tuple[str, ...] = ("application/json",)
    # The view waits for somebody else's server, so it runs after the transaction and opens its own.
    waits: bool = False
    # Whether a super admin may call while acting as the user. Not where what the call makes would outlive that.
    impersonated: bool = True
    # Of a view that waits: whether it creates or queues something, and so has to be done once for an `Idempotency-Key`.
    once: bool = False
    # What is done with the files of the body before the request's transaction, for a route that takes some.
    stage: "Stage | None" = None

    @property
    def public(self) -> bool:
        """Whether anybody may call."""
        return not self.credentials


def requires(
    *credentials: Credential,
    scope: Scope | None = None,
    resource: Resource | None = None,
    roles: tuple[Role, ...] = (),
    category: Category = Category.GENERAL,
    accepts: tuple[str, ...] = ("application/json",),
    waits: bool = False,
    impersonated: bool = True,
    once: bool = False,
    stage: "Stage | None" = None,
) -> Callable[[View], View]:
    """Guards a route. `scope` on `resource` is asked of keys and tokens alike; `roles` of users and of keys' makers.

    A view that `waits` runs outside of the request's transaction: its service opens one for as long as it needs it,
    and enters the company there. `Idempotency-Key` does nothing for it, unless it is to be done `once`.

    With `impersonated=False` it is refused to super admins who act as the user.

    With `stage` the route takes files. Its body may have `max_upload_bytes` and is read only once the caller is known
    and counted; what `stage` makes of the files, outside of any transaction, is the view's by `staged_files()`.
    """
    if not credentials:
        raise ValueError("name the credentials, or say public()")
    access = Access(
        credentials=frozenset(credentials),
        scope=scope,
        resource=resource,
        roles=frozenset(roles),
        category=category,
        accepts=accepts,
        waits=waits,
        impersonated=impersonated,
        once=once,
        stage=stage,
    )
    return lambda view: _guarded(view, access)


def public(
    *, category: Category = Category.GENERAL, accepts: tuple[str, ...] = ("application/json",)
) -> Callable[[View], View]:
    """Says that anybody may call a route. Calls are counted by address."""
    return lambda view: _guarded(view, Access(category=category, accepts=accepts))


def current_principal() -> Principal:
    """The caller of this request; only on guarded routes."""
    principal: Principal = g.principal
    return principal


def staged_files() -> Any:
    """What the route's `stage` made of the files of this request."""
    return g.staged_files


def refuse_undeclared(app: Flask) -> None:
    """Raises for the first route that doesn't say who may call it."""
    for endpoint, view in app.view_functions.items():
        if access_of(view) is None:
            raise RuntimeError(f"{endpoint} says neither @requires(...) nor @public(...)")


def access_of(view: Callable[..., Any]) -> Access | None:
    """The declaration of a view."""
    return getattr(view, "_access", None)


def bearer_token() -> str | None:
    """The token of the Authorization header."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def _guarded(view: View, access: Access) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Response:
        def answer() -> Response:
            return make_response(view(*args, **kwargs))

        if access.category is Category.UNLIMITED and access.public:
            return answer()
        runtime_settings.keep_current()
        if access.stage is not None:
            return _answer_with_files(access, access.stage, answer)
        # Read before the transaction begins: a client that sends its body byte by byte must not hold a connection to
        # Postgres meanwhile; as many such clients as there are connections would stop everybody.
        if _has_body():
            request.get_data(cache=True)
        with _line(access), transaction():
            principal, asker = _enter(access)
            company_id = principal.company_id if principal else None
            if not access.waits:
                return idempotency.answer_once(asker, company_id, answer)
        return idempotency.answer_once_after_waiting(asker, company_id, answer) if access.once else answer()

    guarded._access = access  # type: ignore[attr-defined]
    guarded._apidoc = {**getattr(view, "_apidoc", {}), "access": access}  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def _line(access: Access) -> AbstractContextManager[Any]:
    return _questions if access.category is Category.AI and not access.waits else nullcontext()


def _answer_with_files(access: Access, stage: Stage, answer: Callable[[], Response]) -> Response:
    # First of all: nobody unknown, and nobody who uploads without end, makes us read and keep 100 MB.
    with transaction():
        principal, _ = _enter(access)
    if principal is None:
        raise Unauthenticated
    with uploads.received() as files, stage(principal, files) as g.staged_files, transaction():
        principal, asker = _enter(access, counted=True)
        return idempotency.answer_once(asker, principal.company_id if principal else None, answer)


def _enter(access: Access, *, counted: bool = False) -> tuple[Principal | None, str]:
    """Who calls, and whose answers they may be given a second time. Opens the transaction for their company."""
    g.needed_scope, g.needed_resource = access.scope, access.resource
    principal = None if access.public else _authenticate(access)
    caller = principal.name if principal else f"ip:{client_network()}"
    if access.category is Category.VISITORS:
        rate_limits.enforce_visitor(client_network(), _named_agent())
    elif not counted:
        rate_limits.enforce(access.category, caller, dict(principal.rate_limits) if principal else None)
    if principal:
        g.principal = principal = _authorise(principal, access)
    _check_type(access)
    return principal, _asker(caller, principal)


def _named_agent() -> str:
    """The agent that a visitor's call names, in its path or its body."""
    named = (request.view_args or {}).get("agent_id")
    if named is None and request.is_json:
        body = request.get_json(silent=True)
        named = body.get("agent_id") if isinstance(body, dict) else None
    try:
        return str(named if isinstance(named, UUID) else UUID(named))
    except (ValueError, AttributeError, TypeError):
        return "none"


def _asker(caller: str, principal: Principal | None) -> str:
    """Who may be given an answer a second time, for the same `Idempotency-Key`."""
    if principal:
        # A super admin may use one key for several companies.
        return f"{caller}@{principal.company_id}" if principal.is_super_admin else caller
    # At /v1/auth/refresh the token alone says who asks: another user behind the same address must not be given the
    # tokens that the first one got.
    token = bearer_token()
    return f"{caller}:{hashlib.sha256(token.encode()).hexdigest()}" if token else caller


def _authenticate(access: Access) -> Principal:
    try:
        principal = _identify(access)
    except AppError:
        # Guessing, and calling with what was revoked, is counted by address, like any other caller. Who sends nothing
        # guesses nothing: a program that looks which routes there are learns of each that it needs credentials.
        if _sends_credentials():
            rate_limits.enforce(Category.GENERAL, f"ip:{client_network()}")
        raise
    g.principal = principal
    return principal


def _sends_credentials() -> bool:
    return any(request.headers.get(name) for name in ("Authorization", "X-API-Key", "X-API-Secret"))


def _identify(access: Access) -> Principal:
    token = bearer_token()
    key, secret = request.headers.get("X-API-Key"), request.headers.get("X-API-Secret")
    if token and (key or secret):
        raise Unauthenticated("Send either an Authorization header or X-API-Key with X-API-Secret, not both.")
    if token:
        principal = authentication.by_token(token)
    elif key and secret:
        if Credential.API_KEY not in access.credentials:
            raise Unauthenticated("This route takes a user's token, not an API key.")
        principal = authentication.by_api_key(key, secret)
    elif key or secret:
        raise Unauthenticated("X-API-Key and X-API-Secret belong together; one of them is missing.")
    else:
        raise Unauthenticated
    return principal


def _authorise(principal: Principal, access: Access) -> Principal:
    if _KIND[principal.kind] not in access.credentials:
        raise Forbidden("This route is not for this kind of credential.")
    if principal.impersonator_id is not None and not access.impersonated:
        raise NotWhileImpersonating
    if (
        principal.kind is not PrincipalKind.LEAD
        and access.scope
        and not principal.allows(access.scope, access.resource)
    ):
        of = f" on {access.resource}" if access.resource else ""
        raise Forbidden(f"This needs the scope {access.scope}{of}.")
    if access.roles:
        principal.require_role(*access.roles)
    return _named_company(principal)


def _named_company(principal: Principal) -> Principal:
    """The principal for the company that `?company_id=` names: for super admins any, for others only their own."""
    # Looked for before the query is parsed, which few calls have.
    named = request.args.get("company_id") if b"company_id" in request.query_string else None
    if named is None:
        return principal
    try:
        company_id = authentication.acting_for(principal, UUID(named))
    except ValueError:
        raise NotFound from None
    return replace(principal, company_id=company_id)


def _has_body() -> bool:
    environ = request.environ
    return environ.get("CONTENT_LENGTH", "") not in {"", "0"} or "HTTP_TRANSFER_ENCODING" in environ


def _check_type(access: Access) -> None:
    if not _has_body():
        return
    if request.method not in {"GET", "HEAD", "OPTIONS"} and request.mimetype not in access.accepts:
        raise UnsupportedType(f"Send the body as {' or '.join(access.accepts)}.")
