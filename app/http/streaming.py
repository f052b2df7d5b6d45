"""Answers that go on for hours, and what their callers are asked for again meanwhile."""

from uuid import UUID

from flask import Response, request

from app.http.requires import bearer_token
from app.realtime.departures import departures
from app.realtime.sse import EventStream
from app.services.listening import Credentials

_HEADERS = {
    "Cache-Control": "no-store",
    # nginx would hold the events back until its buffer is full.
    "X-Accel-Buffering": "no",
}


def sse_response(stream: EventStream) -> Response:
    """An event stream, which is closed when it ends or the client leaves."""
    if (connection := request.environ.get("gunicorn.socket")) is not None:
        departures.watch(stream, connection)
    return Response(stream, content_type="text/event-stream; charset=utf-8", headers=_HEADERS)


def sent_credentials(company_id: UUID | None = None) -> Credentials:
    """What the headers of this request show; never the query, which ends up in logs. `company_id`: the company that
    the caller acts for."""
    return Credentials(
        token=bearer_token(),
        api_key=request.headers.get("X-API-Key"),
        api_secret=request.headers.get("X-API-Secret"),
        company_id=company_id,
    )
