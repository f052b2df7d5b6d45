"""Shapes of the analytics of the API."""

from typing import Any

from marshmallow import fields, validate

from app.http.fields import identifier, moment
from app.http.figures import TimesResponse, count, period, share
from app.http.periods import DaysQuery
from app.http.schemas import ResponseSchema, doc


class TrendsQuery(DaysQuery):
    """How many days, in which steps."""

    granularity = fields.String(
        load_default="daily",
        validate=validate.OneOf(["daily", "hourly"]),
        metadata=doc("`daily` or `hourly`.", "daily"),
    )


class CallCountsResponse(ResponseSchema):
    """Calls and how they ended."""

    requests = count("Calls.", 4_711)
    client_errors = count("Answered with 4xx.", 12)
    server_errors = count("Answered with 5xx.", 0)
    rate_limited = count("Answered with 429; they are among the 4xx.", 3)
    error_rate = share("Share of calls answered with 4xx or 5xx", 0.0025)


def _times() -> fields.Nested:
    return fields.Nested(TimesResponse, metadata={"description": "Time in the application, without the network."})


def _list(shape: type[ResponseSchema], description: str) -> fields.List:
    return fields.List(fields.Nested(shape), metadata={"description": description})


class KeyCountsResponse(ResponseSchema):
    """Keys of the company."""

    total = count("All keys that there ever were.", 5)
    active = count("Keys that work.", 3)
    revoked = count("Revoked keys.", 1)
    expired = count("Expired keys.", 1)
    used = count("Keys that were used in the period.", 2)
    unused = count("Keys that work and were not.", 1)


class CallerCountsResponse(CallCountsResponse):
    """Calls of one kind of caller."""

    caller_kind = fields.String(metadata=doc("`api_key`, `user` or `lead`.", "api_key"))


class OverviewResponse(CallCountsResponse):
    """Keys and calls at a glance."""

    period = period()
    api_keys = fields.Nested(KeyCountsResponse, metadata={"description": "Keys."})
    previous_requests = count("Calls of the period of the same length before.", 4_200)
    change = fields.Float(
        allow_none=True, metadata=doc("How many more that are, as a share; null: there were none.", 0.1217)
    )
    duration_ms = _times()
    by_caller = _list(CallerCountsResponse, "Calls by kind of caller.")


class _Step(fields.Field):
    """A date, or a moment in UTC."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return str(value.isoformat()).replace("+00:00", "Z")


class StepResponse(CallCountsResponse):
    """Calls of one hour or day."""

    at = _Step(
        metadata={
            **doc("The day, or the moment at which the hour begins, in UTC.", "2026-11-21"),
            "type": "string",
        }
    )


class TrendsResponse(ResponseSchema):
    """Calls hour by hour or day by day."""

    period = period()
    granularity = fields.String(metadata=doc("How long a step is.", "daily"))
    series = _list(StepResponse, "Every step of the period, in order; hours up to now.")


class EndpointResponse(CallCountsResponse):
    """Calls of one endpoint."""

    method = fields.String(metadata=doc("Its method.", "GET"))
    endpoint = fields.String(metadata=doc("Its path, with placeholders.", "/v1/lead"))
    api_keys = count("How many keys called it.", 2)
    duration_ms = _times()


class TopEndpointsResponse(ResponseSchema):
    """What is called most."""

    period = period()
    endpoints = _list(EndpointResponse, "The twenty endpoints that are called most.")


class KeyNameResponse(ResponseSchema):
    """A key."""

    id = identifier("The key.")
    key = fields.String(metadata=doc("What goes into X-API-Key.", "fdk_6f1c0a9be37d45d2a8f0c3b1e29d74"))
    name = fields.String(metadata=doc("What it is for.", "Web shop"))
    scopes = fields.List(fields.String(), metadata=doc("What it may do.", ["read"]))
    active = fields.Boolean(metadata=doc("Whether it works.", True))
    created_at = moment("When it was made.")
    last_used_at = moment("When it was last used; null: never.", allow_none=True)


class KeyPerformanceResponse(KeyNameResponse, CallCountsResponse):
    """A key and its calls."""

    peak_minute = count("The most calls in one minute.", 42)
    duration_ms = _times()


class KeysPerformanceResponse(ResponseSchema):
    """Keys and their calls."""

    period = period()
    api_keys = _list(KeyPerformanceResponse, "Every key of the company, those that call most first.")


class ErrorCountResponse(ResponseSchema):
    """Calls that failed in the same way."""

    status = fields.Integer(metadata=doc("The HTTP status.", 404))
    code = fields.String(allow_none=True, metadata=doc("The problem's code; null: it had none.", "resource_not_found"))
    requests = count("Calls.", 7)


class KeyErrorsResponse(CallCountsResponse):
    """A key whose calls failed."""

    api_key_id = identifier("The key.")
    name = fields.String(metadata=doc("What it is for.", "Web shop"))


class ErrorAnalysisResponse(CallCountsResponse):
    """What fails, where, and when."""

    period = period()
    errors = _list(ErrorCountResponse, "By status and code, the commonest first.")
    endpoints = _list(EndpointResponse, "The ten endpoints with most errors.")
    api_keys = _list(KeyErrorsResponse, "Keys whose calls failed, the most errors first.")
    series = _list(StepResponse, "Day by day, in order.")


class LimitedCallerResponse(ResponseSchema):
    """A caller and how near it comes to a limit."""

    caller_kind = fields.String(metadata=doc("`api_key`, `user` or `lead`.", "api_key"))
    api_key_id = identifier("The key; null: users or visitors, all together.", allow_none=True)
    name = fields.String(allow_none=True, metadata=doc("What the key is for.", "Web shop"))
    category = fields.String(metadata=doc("Which limit it is.", "general"))
    requests = count("Calls.", 4_711)
    rate_limited = count("Calls that were over the limit.", 3)
    peak_minute = count("The most calls in one minute.", 103)
    limit = fields.Integer(allow_none=True, metadata=doc("Calls a minute that one caller may make.", 100))
    peak_share = fields.Float(allow_none=True, metadata=doc("The peak as a share of the limit; keys alone.", 1.03))


class RateLimitAnalysisResponse(ResponseSchema):
    """Who was limited."""

    period = period()
    requests = count("Calls.", 4_711)
    rate_limited = count("Calls that were over a limit.", 3)
    rate_limited_share = share("Share of those", 0.0006)
    callers = _list(LimitedCallerResponse, "By caller and limit, those that were limited most often first.")
    series = _list(StepResponse, "Day by day, in order.")


class CallResponse(ResponseSchema):
    """One call."""

    created_at = moment("When it was answered.")
    method = fields.String(metadata=doc("Its method.", "GET"))
    endpoint = fields.String(metadata=doc("Its path, with placeholders.", "/v1/lead"))
    status = fields.Integer(metadata=doc("The HTTP status of the answer.", 200))
    error_code = fields.String(allow_none=True, metadata=doc("The problem's code; null: none.", None))
    duration_ms = fields.Float(metadata=doc("Time in the application, without the network.", 3.2))
    ip = fields.String(allow_none=True, metadata=doc("Where it came from.", "192.0.2.7"))
    request_id = fields.String(
        allow_none=True, metadata=doc("Its X-Request-ID.", "0198c0de-0000-7000-8000-000000000001")
    )


class DetailedUsageResponse(CallCountsResponse):
    """Everything about one key."""

    period = period()
    api_key = fields.Nested(KeyNameResponse, metadata={"description": "The key."})
    duration_ms = _times()
    endpoints = _list(EndpointResponse, "The twenty endpoints that it calls most; times as means.")
    errors = _list(ErrorCountResponse, "Its errors, the commonest first.")
    series = _list(StepResponse, "Day by day, in order.")
    calls = _list(CallResponse, "Its newest hundred calls.")


class GrantResponse(ResponseSchema):
    """What a key may do."""

    scopes = fields.List(fields.String(), metadata=doc("Scopes.", ["admin"]))
    permissions = fields.Raw(
        allow_none=True, metadata=doc("What they are narrowed to; null: nothing.", {"leads": ["read"]})
    )


class UsedScopeResponse(ResponseSchema):
    """What called routes ask for."""

    scope = fields.String(allow_none=True, metadata=doc("The scope; null: any credential will do.", "read"))
    resource = fields.String(allow_none=True, metadata=doc("On what.", "leads"))
    requests = count("Calls.", 812)
    refused = count("Calls that were refused with 403.", 0)


class KeyAdviceResponse(ResponseSchema):
    """A key's rights against its use."""

    period = period()
    api_key_id = identifier("The key.")
    name = fields.String(metadata=doc("What it is for.", "Web shop"))
    granted = fields.Nested(GrantResponse, metadata={"description": "What it may do."})
    used = _list(UsedScopeResponse, "What the routes that it called ask for.")
    last_used_at = moment("When it was last used; null: never.", allow_none=True)
    requests = count("Its calls.", 812)
    error_rate = share("Share of calls that failed", 0.01)
    errors = _list(ErrorCountResponse, "Its errors, the commonest first.")
    suggested = fields.Nested(
        GrantResponse,
        allow_none=True,
        metadata={"description": "The narrowest rights that would have done; null: it was given no more, or not used."},
    )
    advice = fields.List(
        fields.String(), metadata=doc("Sentences to act on.", ["This key never expires: give the next one a life."])
    )
