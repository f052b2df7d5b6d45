"""Usage records for tests."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.api_key import ApiKey
from app.models.api_request import ApiRequest
from tests.cast import Cast

# Some time of yesterday, so that it is part of every window and of a day that is over.
YESTERDAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


def key_of(database: Session, headers: Mapping[str, str]) -> UUID:
    """The id of the key whose headers these are."""
    return database.scalars(select(ApiKey.id).where(ApiKey.key == headers["X-API-Key"])).one()


def add_calls(database: Session, cast: Cast, number: int, *, key: UUID | None = None, **values: Any) -> None:
    """So many calls of Acme, one a second."""
    given = {
        "company_id": cast.acme,
        "caller_kind": "api_key" if key else "user",
        "caller_id": key or uuid4(),
        "api_key_id": key,
        "method": "GET",
        "endpoint": "/v1/lead",
        "status": 200,
        "duration_ms": 10.0,
        "category": "general",
        "scope": "read",
        "resource": "leads",
    }
    for index in range(number):
        at = YESTERDAY + timedelta(seconds=index)
        database.add(ApiRequest(**{**given, "created_at": at, **values}))
    database.commit()
