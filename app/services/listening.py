"""Who may listen to a conversation: whoever may read its messages, and only as long as they may.

A listener stays for hours, so its credential is kept and asked about again every minute: sessions end, keys are
revoked, conversations are deleted. Whoever does such a thing has the listeners asked at once (`publisher.recheck` and
`recheck_caller`); the minute is for what runs out by itself, and for what was said while Redis was away.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core.tenancy import enter_company
from app.core.transaction import transaction
from app.errors import AppError, Forbidden, Unauthenticated
from app.models.conversation import Conversation
from app.realtime.sse import EventStream, event_stream
from app.security.principal import Principal, PrincipalKind
from app.security.scopes import Resource, Scope
from app.services import authentication, conversations, turn_events

# Streams and sockets that one caller may have open, in each web process. An integrator's key stands for many visitors.
MOST_OPEN = {PrincipalKind.LEAD: 20, PrincipalKind.USER: 50, PrincipalKind.API_KEY: 2_000}


@dataclass(frozen=True, repr=False, kw_only=True)
class Credentials:
    """What a caller sent to show who they are. Without a repr, for it would show secrets."""

    token: str | None = None
    api_key: str | None = None
    api_secret: str | None = None
    # The company that a super admin acts for.
    company_id: UUID | None = None


class _Context:
    enter: Callable[[], AbstractContextManager[Any]]


def bind(context: Callable[[], AbstractContextManager[Any]]) -> None:
    """Asks again in this application context: by then the request is long over."""
    _Context.enter = staticmethod(context)


def authenticate(credentials: Credentials) -> Principal:
    """The caller, who may read conversations at all. Raises a 401, or `Forbidden` without the scope."""
    principal = _identify(credentials)
    if principal.kind is not PrincipalKind.LEAD and not principal.allows(Scope.READ, Resource.CONVERSATIONS):
        raise Forbidden(f"This needs the scope {Scope.READ} on {Resource.CONVERSATIONS}.")
    if credentials.company_id is None:
        return principal
    return replace(principal, company_id=authentication.acting_for(principal, credentials.company_id))


def connect(credentials: Credentials) -> Principal:
    """The caller who wants to listen, in a transaction of its own. Raises as `authenticate` does."""
    with transaction():
        return authenticate(credentials)


def admit(credentials: Credentials, conversation_id: UUID) -> tuple[Principal, Conversation]:
    """The caller and the conversation that they may listen to, in a transaction of its own.

    Raises what authenticating raises, and `NotFound` for a conversation that the caller may not read.
    """
    with transaction():
        principal = authenticate(credentials)
        return principal, conversations.get_readable(principal, conversation_id)


def still_admitted(credentials: Credentials, conversation_id: UUID) -> bool:
    """Whether they may still listen: True, or it raises as `admit` does. Called outside of requests.

    While Postgres is away nobody is sent away: nothing can have been revoked there either.
    """
    try:
        with _Context.enter():
            admit(credentials, conversation_id)
    except (DBAPIError, PoolTimeout):
        return True
    return True


def review(credentials: Credentials, conversation_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Which of the conversations a caller may not listen to any more, with the code of the refusal. Called outside of
    requests.

    Raises what authenticating raises when the caller may not listen to any. While Postgres is away: none.
    """
    try:
        with _Context.enter(), transaction():
            principal = authenticate(credentials)
            refusals = {each: _refusal(principal, each) for each in conversation_ids}
    except (DBAPIError, PoolTimeout):
        return {}
    return {each: code for each, code in refusals.items() if code is not None}


def settle(company_id: UUID, turn_ids: list[str]) -> None:
    """Announces the end of those turns that are over. Called outside of requests."""
    with _Context.enter():
        turn_events.settle(company_id, [UUID(each) for each in turn_ids])


def seat_of(principal: Principal) -> tuple[str, int]:
    """The name under which a caller's streams are counted, and how many there may be."""
    return principal.name, MOST_OPEN[principal.kind]


def open_stream(
    principal: Principal, credentials: Credentials, conversation_id: UUID, last_event_id: str | None
) -> EventStream:
    """A conversation's events, for the caller of a request, who sent `credentials`. Waits for Redis, so it opens a
    transaction of its own.

    Raises `NotFound`, `StreamingUnavailable`, `TooManyStreams` and `NoSeatLeft`.
    """
    company_id = principal.company()
    with transaction():
        enter_company(company_id)
        conversations.get_readable(principal, conversation_id)
    listener, most = seat_of(principal)
    return event_stream(
        conversation_id,
        last_event_id=last_event_id,
        listener=listener,
        most=most,
        still_allowed=lambda: still_admitted(credentials, conversation_id),
        settle=lambda turn_ids: settle(company_id, turn_ids),
    )


def _identify(credentials: Credentials) -> Principal:
    if credentials.token and (credentials.api_key or credentials.api_secret):
        raise Unauthenticated("Send either a token or an API key with its secret, not both.")
    if credentials.token:
        return authentication.by_token(credentials.token)
    if credentials.api_key and credentials.api_secret:
        return authentication.by_api_key(credentials.api_key, credentials.api_secret)
    raise Unauthenticated


def _refusal(principal: Principal, conversation_id: UUID) -> str | None:
    try:
        conversations.get_readable(principal, conversation_id)
    except AppError as error:
        return error.code
    return None
