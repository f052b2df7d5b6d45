"""What Socket.IO clients may say: who they are, and which conversations they listen to.

Credentials come as `auth` (`{"token": …}` or `{"api_key": …, "api_secret": …}`) or in the headers of the handshake;
never in the query, which ends up in logs. Each answer is `{"ok": true, …}` or `{"ok": false, "error": {code, detail}}`.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from flask import request
from flask_socketio import ConnectionRefusedError as Refused
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import AppError, Invalid, TooMany, Unavailable
from app.http import rate_limits
from app.http.rate_limits import Category
from app.http.request_context import client_ip, client_network
from app.http.streaming import sent_credentials
from app.realtime.hub import hub
from app.realtime.sse import StreamingUnavailable
from app.services import listening
from app.services.listening import Credentials
from app.sockets.clients import Client, Room
from app.sockets.feed import feed
from app.sockets.server import socketio

log = logging.getLogger("frontdesk.sockets")

MOST_ROOMS = 50

Answer = dict[str, Any]


class TooManyRooms(TooMany):
    """One connection listens to too many conversations."""

    code = "too_many_rooms"
    detail = f"One connection can listen to {MOST_ROOMS} conversations. Leave one, or open another connection."


class NotConnected(Invalid):
    """The connection is just being closed."""

    code = "not_connected"
    detail = "Connect first."


def connect(auth: Any = None) -> None:
    """Lets a client in who shows who it is."""
    try:
        principal = _admitted(credentials := _credentials(auth))
        feed.add(Client(socketio.server, request.sid, credentials, principal))  # type: ignore[attr-defined]
    except Exception as error:
        refusal = _refusal(error)
        log.info("socket refused", extra={"code": refusal["code"], "ip": client_ip()})
        raise Refused(refusal["detail"], refusal) from None
    log.info("socket connected", extra={"caller": principal.name, "ip": client_ip()})


def disconnect(*_reason: Any) -> None:
    """Forgets a client."""
    feed.remove(request.sid)  # type: ignore[attr-defined]


def _answered(handler: Callable[[Client, Answer], Answer]) -> Callable[..., Answer]:
    @wraps(handler)
    def answered(*said: Any) -> Answer:
        try:
            client = feed.clients.get(request.sid)  # type: ignore[attr-defined]
            if client is None:
                raise NotConnected
            if len(said) != 1 or not isinstance(said[0], dict):
                raise Invalid("Send one object.")
            return {"ok": True, **handler(client, said[0])}
        except Exception as error:
            return {"ok": False, "error": _refusal(error)}

    return answered


@_answered
def join_conversation(client: Client, said: Answer) -> Answer:
    """Listens to `conversation_id`, from now on or, with `since`, from after that event on.

    Answers with the id after which everything will be sent.
    """
    _count(client)
    conversation_id, since = _conversation_id(said), said.get("since")
    if since is not None and not isinstance(since, str):
        raise Invalid("since is not the id of an event.", errors={"since": ["Not a string."]})
    if conversation_id not in client.rooms and len(client.rooms) >= MOST_ROOMS:
        raise TooManyRooms
    _principal, conversation = listening.admit(client.credentials, conversation_id)
    client.leave(conversation_id)
    room = Room(client, conversation_id, conversation.company_id, hub(), feed.schedule)
    try:
        place = room.open(since)
    except (RedisError, OSError) as error:
        room.close()
        log.warning("a conversation was not joined", extra={"reason": str(error)})
        raise StreamingUnavailable from None
    client.rooms[conversation_id] = room
    feed.postpone(room)
    return {"conversation_id": str(conversation_id), "last_event_id": str(place)}


@_answered
def leave_conversation(client: Client, said: Answer) -> Answer:
    """Listens to `conversation_id` no more."""
    conversation_id = _conversation_id(said)
    client.leave(conversation_id)
    return {"conversation_id": str(conversation_id)}


def register() -> None:
    """Makes these the handlers of the process's Socket.IO server."""
    socketio.on_event("connect", connect)
    socketio.on_event("disconnect", disconnect)
    socketio.on_event("join_conversation", join_conversation)
    socketio.on_event("leave_conversation", leave_conversation)


def _credentials(auth: Any) -> Credentials:
    if not isinstance(auth, dict) or not auth:
        return sent_credentials()
    texts = {name: auth.get(name) for name in ("token", "api_key", "api_secret")}
    if any(value is not None and not isinstance(value, str) for value in texts.values()):
        raise Invalid("token, api_key and api_secret are strings.")
    named = auth.get("company_id")
    return Credentials(**texts, company_id=None if named is None else _uuid(named, "company_id"))


def _admitted(credentials: Credentials) -> Any:
    try:
        principal = listening.connect(credentials)
    except AppError:
        # Guessing is counted by address, as it is for requests.
        rate_limits.enforce(Category.GENERAL, f"ip:{client_network()}")
        raise
    rate_limits.enforce(Category.GENERAL, principal.name, dict(principal.rate_limits))
    return principal


def _count(client: Client) -> None:
    principal = client.principal
    rate_limits.enforce(Category.GENERAL, principal.name, dict(principal.rate_limits))


def _conversation_id(said: Answer) -> UUID:
    return _uuid(said.get("conversation_id"), "conversation_id")


def _uuid(value: Any, name: str) -> UUID:
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise Invalid(f"{name} is not an id.", errors={name: ["Not a valid UUID."]}) from None


def _refusal(error: Exception) -> Answer:
    if isinstance(error, (DBAPIError, PoolTimeout, RedisError)):
        error = Unavailable()
    elif not isinstance(error, AppError):
        log.exception("a socket handler failed", exc_info=error)
        error = AppError()
    refusal: Answer = {"code": error.code, "detail": error.detail}
    if error.errors:
        refusal["errors"] = error.errors
    if error.retry_after is not None:
        refusal["retry_after"] = error.retry_after
    return refusal
