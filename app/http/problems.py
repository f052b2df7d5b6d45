"""Every refusal as application/problem+json (RFC 9457), whoever raises it: we, Flask, webargs or the database."""

import logging
from typing import Any

from flask import Flask, Response
from redis.exceptions import RedisError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app import errors
from app.core.crypto import UndecryptableError
from app.core.logging import request_id
from app.core.patience import PostgresSilent
from app.core.settings import settings
from app.errors import AppError
from app.http.json import dumps

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
# deadlock_detected, serialization_failure, lock_not_available: the database is well.
_COLLISIONS = {"40P01", "40001", "55P03"}

_UNIQUE_VIOLATION = "23505"  # https://www.postgresql.org/docs/current/errcodes-appendix.html

_BY_STATUS: dict[int, type[AppError]] = {
    400: errors.BadRequest,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.TooLarge,
    415: errors.UnsupportedType,
    422: errors.Invalid,
    429: errors.TooMany,
    503: errors.Unavailable,
}
_DETAILS = {
    404: "There is nothing at this address, or nothing by that id that you may see.",
    405: "This address does not take this method; the Allow header lists those that it takes.",
}


def register(app: Flask) -> None:
    """Turns every error of the application into a problem document."""
    app.register_error_handler(AppError, _app_error)
    app.register_error_handler(HTTPException, _http_error)
    for unavailable in (OperationalError, InterfaceError, PoolTimeout, PostgresSilent, RedisError):
        app.register_error_handler(unavailable, _unavailable)
    app.register_error_handler(DataError, _data_error)
    app.register_error_handler(UndecryptableError, _undecryptable)
    app.register_error_handler(IntegrityError, _integrity_error)
    app.register_error_handler(Exception, _bug)


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    field_errors: object = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem document. `field_errors` maps fields to their messages."""
    body: dict[str, Any] = {
        "type": f"{settings().public_url}/docs/errors#{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id.get(),
    }
    if field_errors:
        body["errors"] = field_errors
    response = Response(dumps(body), status=status, content_type=CONTENT_TYPE, headers=headers)
    response.headers["X-Error-Code"] = code  # for the usage record; taken off before the answer leaves
    return response


def from_error(error: AppError) -> Response:
    """The problem document of one of our own errors."""
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="frontdesk"'
    return problem(error.status, error.code, error.title, error.detail, field_errors=error.errors, headers=headers)


def _app_error(error: AppError) -> Response:
    return from_error(error)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None and not error.code:
        return error.response  # type: ignore[return-value]  # a redirect that Flask made
    methods = getattr(error, "valid_methods", None)
    headers = {"Allow": ", ".join(sorted(methods))} if methods else {}
    messages = (getattr(error, "data", None) or {}).get("messages")
    family = _BY_STATUS.get(status)
    if family is None:
        detail = _DETAILS.get(status, error.description or error.name)
        return problem(status, error.name.lower().replace(" ", "_"), error.name, detail, headers=headers)
    detail = _DETAILS.get(status, family.detail)
    if status == 400:
        detail = "The body is not valid JSON." if messages else (error.description or family.detail)
    return problem(status, family.code, family.title, detail, field_errors=_flat(messages), headers=headers)


def _flat(messages: Any) -> Any:
    """webargs nests messages under the place they came from ("json", "query"); callers know their fields."""
    if isinstance(messages, dict) and len(messages) == 1:
        (place, inner), *_ = messages.items()
        if place in {"json", "query", "form", "files", "json_or_form"} and isinstance(inner, dict):
            return inner
    return messages


def _unavailable(error: Exception) -> Response:
    if getattr(getattr(error, "orig", None), "pgcode", None) in _COLLISIONS:
        family = errors.Conflict
        detail = "Somebody else was changing the same thing at the same moment. Nothing was changed; try again."
        return problem(409, family.code, family.title, detail)
    text = str(getattr(error, "orig", error)).strip().splitlines()
    log.error("a needed service is down", extra={"reason": text[0] if text else type(error).__name__})
    unavailable = errors.Unavailable
    what = "The cache" if isinstance(error, RedisError) else "The database"
    detail = f"{what} can't be reached at the moment. Nothing was changed; try again shortly."
    return problem(503, unavailable.code, unavailable.title, detail, headers={"Retry-After": "2"})


def _undecryptable(error: UndecryptableError) -> Response:
    log.error("a stored secret can't be read", extra={"reason": str(error)})
    family = errors.Unavailable
    detail = "A stored secret can't be read with this installation's keys. Its operator has to put the old key back."
    return problem(503, family.code, family.title, detail)


def _data_error(error: DBAPIError) -> Response:
    # A value that our schemas let through and Postgres can't hold is the caller's, not a crash; but worth a look.
    log.warning("a value that the database can't hold", extra={"reason": type(error.orig).__name__})
    family = errors.Invalid
    return problem(422, family.code, family.title, "A value is outside of what can be stored.")


def _integrity_error(error: IntegrityError) -> Response:
    if getattr(error.orig, "pgcode", None) != _UNIQUE_VIOLATION:
        return _bug(error)
    # The services look first; between their look and the write somebody else wrote the same. Looking again tells.
    log.warning("two callers wrote the same at once", extra={"reason": str(error.orig).partition("\n")[0]})
    family = errors.Conflict
    return problem(409, family.code, family.title, "Somebody else has just taken this value. Nothing was changed.")


def _bug(error: Exception) -> Response:
    log.exception("unexpected error", exc_info=error)
    family = AppError
    return problem(500, family.code, family.title, "Something went wrong on our side. Quote the request id to us.")
