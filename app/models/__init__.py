"""One module per table. Importing the package registers all of them."""

from app.models import (
    address,
    api_key,
    api_request,
    audit_entry,
    company,
    idempotency_record,
    lead,
    login_throttle,
    mail,
    one_time_token,
    place,
    signing_key,
    user,
    user_session,
)

__all__ = [
    "address",
    "api_key",
    "api_request",
    "audit_entry",
    "company",
    "idempotency_record",
    "lead",
    "login_throttle",
    "mail",
    "one_time_token",
    "place",
    "signing_key",
    "user",
    "user_session",
]
