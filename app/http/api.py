"""flask-smorest, told how Frontdesk documents itself: credentials, limits and the errors that each route can give."""

from functools import cache
from typing import Any, ClassVar

import marshmallow as ma
from flask import Flask, Request
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint
from flask_smorest.spec.plugins import FlaskPlugin
from webargs.core import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from app.http.fields import EXAMPLE_ID
from app.http.json import loads
from app.http.problems import CONTENT_TYPE
from app.http.rate_limits import Category
from app.http.requires import Access, Credential
from app.http.schemas import ProblemResponse

_SECURITY: dict[Credential, dict[str, list[str]]] = {
    Credential.API_KEY: {"ApiKey": [], "ApiSecret": []},
    Credential.JWT: {"UserToken": []},
    Credential.LEAD: {"LeadToken": []},
}
_SCHEMES = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The key's identifier, `fdk_…`."},
    "ApiSecret": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Secret",
        "description": "The key's secret, `fds_…`, shown once when the key was created.",
    },
    "UserToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A user's access token, from `POST /v1/auth/login`.",
    },
    "LeadToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A visitor's token, from `POST /v1/lead/register`.",
    },
}
_WHY = {
    400: "The request could not be understood.",
    401: "No credential, or one that is not valid.",
    403: "The credential does not allow this.",
    404: "There is no such thing, or it belongs to another company.",
    409: "It contradicts the present state.",
    413: "The body is too large.",
    415: "The body has a type that this route does not take.",
    422: "A value is not valid; `errors` says which.",
    429: "Too many calls; `Retry-After` says when to try again.",
    503: "Something that this needs is down.",
}


_ABOUT = (
    "The AI front desk of a company's website. The team calls with a user's token, programs with an API key, visitors "
    "with a token of their own. Errors are problem documents (RFC 9457)."
)


class _Parser(FlaskParser):
    """webargs by itself reads bodies with the standard library: NaN, lone surrogates, nesting until Python gives up. It
    makes their schema anew at every call, too, with copies of all its fields."""

    def _get_schema(self, argmap: Any, req: Request) -> ma.Schema:
        return _made(argmap) if isinstance(argmap, type) else super()._get_schema(argmap, req)

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """The body; nothing when there is none."""
        body = req.get_data(cache=True) if req.is_json else b""
        return loads(body) if body else missing


@cache
def _made(schema: type[ma.Schema]) -> ma.Schema:
    return schema()


class Blueprint(SmorestBlueprint):
    """A blueprint whose documentation includes who may call and how it can fail."""

    ARGUMENTS_PARSER = _Parser()
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING: ClassVar = {
        **SmorestBlueprint.DEFAULT_LOCATION_CONTENT_TYPE_MAPPING,
        "json_or_form": "application/json",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._prepare_access_doc)

    @staticmethod
    def _prepare_access_doc(doc: dict[str, Any], doc_info: dict[str, Any], *, method: str, **_: Any) -> dict[str, Any]:
        access: Access = doc_info["access"]
        doc["security"] = [_SECURITY[each] for each in sorted(access.credentials)]
        doc["x-access"] = _describe(access)
        # What a route documents itself stays as it is.
        responses = {str(status): response for status, response in doc.get("responses", {}).items()}
        responses.pop("422", None)  # flask-smorest's own, of another content type
        for status in _failures(access, method):
            failure = {"description": _WHY[status], "content": {CONTENT_TYPE: {"schema": ProblemResponse}}}
            responses.setdefault(str(status), failure)
        doc["responses"] = responses
        if method == "post" and (access.once or not access.waits):
            doc.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
        return doc


_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "The same key and body within 24 hours give the same answer; nothing is done twice.",
    "example": "order-4711",
}


class _PathPlugin(FlaskPlugin):
    """Documents what stands in a path by its name: `company_id` is the id of the company."""

    def rule_to_params(self, rule: Rule) -> list[dict[str, Any]]:
        """The parameters of a path."""
        return [{**parameter, **_about_path(parameter)} for parameter in super().rule_to_params(rule)]


def _about_path(parameter: dict[str, Any]) -> dict[str, Any]:
    name, kind = parameter["name"], parameter["schema"]
    noun = name.removesuffix("_id").replace("_", " ").replace("api key", "API key")
    example: object = 1 if kind["type"] == "integer" else EXAMPLE_ID if kind.get("format") == "uuid" else name
    return {"description": f"The id of the {noun}." if name.endswith("_id") else f"The {noun}.", "example": example}


class FrontdeskApi(Api):
    """The API document, and errors as problem documents instead of flask-smorest's own."""

    ERROR_SCHEMA = ProblemResponse
    DEFAULT_ERROR_RESPONSE_NAME = None

    def handle_http_exception(self, error: HTTPException) -> HTTPException:
        """Left to `app.http.problems`."""
        return error

    def _register_error_handlers(self) -> None:
        """`app.http.problems` registers its own."""

    def _register_pagination_header(self) -> None:
        """Our pages say where they stand in the body."""


def make_api(app: Flask) -> FrontdeskApi:
    """The API of an application; blueprints are registered on it."""
    app.config.update(
        API_TITLE="Frontdesk API",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        API_SPEC_OPTIONS={"info": {"description": _ABOUT}},
    )
    api = FrontdeskApi(app, spec_kwargs={"flask_plugin": _PathPlugin()})
    app.extensions["frontdesk_api"] = api
    for name, scheme in _SCHEMES.items():
        api.spec.components.security_scheme(name, scheme)
    return api


def api_of(app: Flask) -> FrontdeskApi:
    """The API that `make_api` made."""
    api: FrontdeskApi = app.extensions["frontdesk_api"]
    return api


def _failures(access: Access, method: str) -> list[int]:
    if access.category is Category.UNLIMITED:
        return [404, 503]
    statuses = {400, 404, 422, 429, 503}
    if not access.public:
        statuses |= {401, 403}
    if method != "get":
        statuses |= {401, 403, 409, 413, 415}
    return sorted(statuses)


def _describe(access: Access) -> dict[str, Any]:
    """Who may call, for people and programs that read the document."""
    return {
        "credentials": sorted(access.credentials) or ["public"],
        "scope": access.scope,
        "resource": access.resource,
        "roles": sorted(access.roles),
        "rate_limit": access.category,
        "while_impersonating": access.impersonated,
    }
