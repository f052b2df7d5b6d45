"""The error families. A business error is a subclass, defined beside the rule that raises it.

Each becomes an RFC 9457 problem document: `status` is the HTTP status, `code` a stable word that
programs may match, `title` the family's name and `detail` one sentence that a person can act on.
"""

from collections.abc import Mapping


class AppError(Exception):
    """An expected refusal. Everything that isn't one is a bug and answers 500 without details."""

    status = 500
    code = "internal_error"
    title = "Internal error"
    detail = "Something went wrong on our side."
    # A refusal normally undoes what the request wrote. Where the refusal itself must leave a trace
    # (a failed login, a reused token), the class says so and the transaction is committed.
    keeps_writes = False

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Mapping[str, object] | None = None,
        retry_after: int | None = None,
    ) -> None:
        """`errors` maps fields to messages; `retry_after` is in seconds and becomes the header."""
        self.detail = detail or type(self).detail
        self.errors = dict(errors) if errors else None
        self.retry_after = retry_after
        super().__init__(self.detail)


class BadRequest(AppError):
    """400: the request can't be understood at all."""

    status, code, title = 400, "bad_request", "Bad request"
    detail = "The request could not be understood."


class Unauthenticated(AppError):
    """401: we don't know who is calling."""

    status, code, title = 401, "authentication_failed", "Authentication failed"
    detail = "Send a valid credential: an Authorization: Bearer token, or X-API-Key with X-API-Secret."


class Forbidden(AppError):
    """403: we know who is calling, and they may not."""

    status, code, title = 403, "insufficient_permissions", "Not allowed"
    detail = "Your credentials do not allow this."


class NotFound(AppError):
    """404: there is no such thing, or it belongs to another company."""

    status, code, title = 404, "resource_not_found", "Not found"
    detail = "There is nothing here by that id."


class Conflict(AppError):
    """409: the request contradicts the present state."""

    status, code, title = 409, "conflict", "Conflict"
    detail = "This contradicts the present state."


class TooLarge(AppError):
    """413: more than a documented limit allows."""

    status, code, title = 413, "payload_too_large", "Too large"
    detail = "The request is larger than allowed."


class UnsupportedType(AppError):
    """415: a content type that this route doesn't take."""

    status, code, title = 415, "unsupported_media_type", "Unsupported type"
    detail = "Send the body as application/json."


class Invalid(AppError):
    """422: understood, but a value is wrong; `errors` says which."""

    status, code, title = 422, "validation_error", "Invalid values"
    detail = "Some values are not valid."


class TooMany(AppError):
    """429: slower, please; `Retry-After` says when."""

    status, code, title = 429, "rate_limit_exceeded", "Too many requests"
    detail = "Too many requests. Wait for the time that Retry-After gives, then try again."


class Unavailable(AppError):
    """503: something that the request needs is down."""

    status, code, title = 503, "service_unavailable", "Temporarily unavailable"
    detail = "A service that this needs is down at the moment. Try again shortly."
