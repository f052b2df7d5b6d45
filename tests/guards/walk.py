"""Calls every guarded route of the URL map, so that a route that is added tomorrow is called as well.

What a call needs is made from the route itself: ids in the path by their names, bodies from the examples of the API
document. Each function returns violations; none is good.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.db import Base
from app.http.problems import CONTENT_TYPE
from app.http.requires import Access, access_of
from tests.guards.rows import Rows

_PARAMETER = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_JSON = "application/json"

# From the name of a parameter to an id.
Ids = Callable[[str], object]


@dataclass(frozen=True)
class Route:
    """A guarded route: its method, its rule, and what it declares."""

    method: str
    rule: str
    access: Access

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def has_body(self) -> bool:
        """Whether a body belongs to the method."""
        return self.method not in {"GET", "HEAD"}

    def path(self, ids: Ids) -> str:
        """The path with its ids filled in."""
        return _PARAMETER.sub(lambda found: str(_value(found["kind"], found["name"], ids)), self.rule)

    @property
    def ids(self) -> list[str]:
        """The names of the ids in the path."""
        return [found["name"] for found in _PARAMETER.finditer(self.rule) if found["kind"] == "uuid"]


def _value(kind: str | None, name: str, ids: Ids) -> object:
    return ids(name) if kind == "uuid" else {"int": 1, "float": 1.0}.get(kind or "", "planted")


def guarded_routes(app: Flask) -> list[Route]:
    """Every route that is not public."""
    return [
        Route(method, rule.rule, access)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if (access := access_of(app.view_functions[rule.endpoint])) and not access.public
    ]


def any_id(_name: str) -> UUID:
    """An id of nothing."""
    return uuid4()


# What columns refer to: `llm_model_id` to `provider_models`.
_REFERRED_TO = {
    column.name: key.column.table.name
    for table in Base.metadata.tables.values()
    for column in table.c
    for key in column.foreign_keys
}


class IdsOf:
    """Ids of one company's rows by the names of parameters: `user_id` is that of its row of `users`, `llm_model_id`
    that of the row that a column of this name refers to. `called` gives tables by the names of parameters that say
    something else."""

    def __init__(self, rows: Rows, unknown: Iterable[str] = (), called: Mapping[str, str] | None = None) -> None:
        self._rows = rows
        self._unknown = set(unknown)
        self._called = _REFERRED_TO | dict(called or {})

    def __call__(self, name: str) -> object:
        """The id; raises `LookupError` for a name that stands for no table, unless it was said to be `unknown`."""
        if self._called.get(name) in self._rows:
            return self._rows[self._called[name]]["id"]
        stem = name.removesuffix("_ids").removesuffix("_id")
        plurals = (stem, f"{stem}s", f"{stem}es", f"{stem.removesuffix('y')}ies")
        for table, row in self._rows.items():
            if table in plurals or table.endswith(tuple(f"_{plural}" for plural in plurals)):
                return row["id"]
        if name in self._unknown:
            return uuid4()
        raise LookupError(f"{name}: no table of that name; say in test_stranger.py what it stands for")


def not_refused(
    client: FlaskClient, routes: Iterable[Route], headers: Mapping[str, str], status: int, code: str | None = None
) -> list[str]:
    """Routes that don't turn a caller away with this status, as a problem document (with this code)."""
    found = []
    for route in routes:
        answer = client.open(
            route.path(any_id), method=route.method, headers=headers, json={} if route.has_body else None
        )
        if answer.status_code != status or answer.content_type != CONTENT_TYPE:
            found.append(f"{route}: {answer.status_code} {answer.content_type}")
        elif code and answer.json["code"] != code:
            found.append(f"{route}: {answer.json['code']}")
    return found


@dataclass(frozen=True)
class Attempt:
    """One call with somebody else's ids: `where` says in which part of it they are."""

    where: str
    route: Route
    arguments: dict[str, Any]


def attempts(routes: Iterable[Route], document: Mapping[str, Any], *, own: Ids, foreign: Ids) -> Iterator[Attempt]:
    """Calls that name another company's rows: in the path, one at a time; in the query; in the body, where something
    may well be done to the caller's own rows."""
    for route in routes:
        operation = _operation(document, route)
        bodies = _bodies(route, operation, document, foreign)
        company = {"company_id": str(foreign("company_id"))}
        named = {name: str(foreign(name)) for name in _uuid_parameters(operation)}
        paths = {name: route.path(_one_of(name, own, foreign)) for name in route.ids}
        for kind, body in bodies.items():
            for name, path in paths.items():
                yield Attempt(f"path: {name}, body: {kind}", route, {"path": path, **body})
            yield Attempt(f"query, body: {kind}", route, {"path": route.path(own), "query_string": company, **body})
            if named:
                yield Attempt(f"filter, body: {kind}", route, {"path": route.path(own), "query_string": named, **body})
        if bodies.get("foreign") != bodies.get("example"):
            yield Attempt("body", route, {"path": route.path(own), **bodies["foreign"]})
        if "requestBody" in operation and "of another company" in bodies:
            yield Attempt("company in the body", route, {"path": route.path(own), **bodies["of another company"]})


def _one_of(name: str, own: Ids, foreign: Ids) -> Ids:
    return lambda each: foreign(each) if each == name else own(each)


def leaks(
    client: FlaskClient, tried: Iterable[Attempt], headers: Callable[[], Mapping[str, str]], secrets: Iterable[str]
) -> list[str]:
    """Calls that were answered with something of `secrets`, that named another's row and were not turned away, or that
    broke down."""
    words = [secret.lower() for secret in secrets]
    found = []
    for attempt in tried:
        answer = client.open(method=attempt.route.method, headers=headers(), **attempt.arguments)
        problem = _problem(attempt, answer, words)
        if problem:
            found.append(f"{attempt.route} ({attempt.where}): {problem}")
    return found


def _problem(attempt: Attempt, answer: TestResponse, secrets: list[str]) -> str | None:
    if answer.status_code >= 500:
        return f"{answer.status_code}"
    if answer.status_code >= 400:
        return None if answer.content_type == CONTENT_TYPE else f"{answer.status_code} {answer.content_type}"
    if attempt.where.startswith(("path", "query")):
        return f"{answer.status_code} for another company's id"
    told = f"{answer.headers}\n{answer.get_data(as_text=True)}".lower()
    return next((f"{answer.status_code} with {secret}" for secret in secrets if secret in told), None)


def _operation(document: Mapping[str, Any], route: Route) -> Mapping[str, Any]:
    path = _PARAMETER.sub(r"{\g<name>}", route.rule)
    operation: Mapping[str, Any] = document["paths"].get(path, {}).get(route.method.lower(), {})
    return operation


def _uuid_parameters(operation: Mapping[str, Any]) -> list[str]:
    return [
        each["name"]
        for each in operation.get("parameters", ())
        if each["in"] == "query" and each.get("schema", {}).get("format") == "uuid"
    ]


def _bodies(
    route: Route, operation: Mapping[str, Any], document: Mapping[str, Any], foreign: Ids
) -> dict[str, dict[str, Any]]:
    """Bodies by what they hold, as arguments of the call."""
    if not route.has_body:
        return {"none": {}}
    if _JSON not in route.access.accepts:
        return {"empty": {"data": {}, "content_type": route.access.accepts[0]}}
    schema = operation.get("requestBody", {}).get("content", {}).get(_JSON, {}).get("schema", {})
    bodies = {"empty": {}, "example": _example(schema, document, None), "foreign": _example(schema, document, foreign)}
    bodies["of another company"] = {**bodies["example"], "company_id": str(foreign("company_id"))}
    return {kind: {"json": body} for kind, body in bodies.items()}


def _example(schema: Mapping[str, Any], document: Mapping[str, Any], foreign: Ids | None) -> dict[str, Any]:
    """The example of a schema; with `foreign`, every id in it is another company's."""
    return {
        name: _value_of(name, _resolved(inner, document), document, foreign)
        for name, inner in _resolved(schema, document).get("properties", {}).items()
    }


def _value_of(name: str, schema: Mapping[str, Any], document: Mapping[str, Any], foreign: Ids | None) -> Any:
    if foreign and schema.get("format") == "uuid":
        return str(foreign(name))
    if foreign and schema.get("items", {}).get("format") == "uuid":
        return [str(foreign(name))]
    if "properties" in schema:
        return _example(schema, document, foreign)
    return schema.get("example", schema.get("default"))


def _resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    while True:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        elif len(schema.get("allOf", ())) == 1:
            schema = {**schema["allOf"][0], **{key: value for key, value in schema.items() if key != "allOf"}}
        else:
            return schema
