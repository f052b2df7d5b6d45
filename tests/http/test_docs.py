"""The API document is complete, and its page needs nothing from elsewhere."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.errors import AppError
from app.http.rate_limits import Category
from app.http.requires import Credential
from tests.guards import contract, walk
from tests.http.test_headers import EVERYWHERE

Document = dict[str, Any]
SECURITY = {Credential.API_KEY: {"ApiKey", "ApiSecret"}, Credential.JWT: {"UserToken"}, Credential.LEAD: {"LeadToken"}}


@pytest.fixture
def document(client: FlaskClient) -> Document:
    answer = client.get("/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    found: Document = answer.json
    return found


def operations(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
                yield f"{method.upper()} {path}", {**operation, "parameters": parameters}


def undescribed(document: Document) -> Iterator[str]:
    """Fields and parameters without a description or an example."""
    for name, schema in document["components"]["schemas"].items():
        yield from _undescribed_in(name, schema)
    for name, operation in operations(document):
        for parameter in operation["parameters"]:
            place = f"{name}: {parameter['name']}"
            if not parameter.get("description"):
                yield f"{place} has no description"
            if not {"example", "examples"} & {*parameter, *parameter.get("schema", {})}:
                yield f"{place} has no example"
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            yield from _undescribed_in(f"{name}: {kind}", content.get("schema", {}))


def _undescribed_in(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    for field, inner in schema.get("properties", {}).items():
        place = f"{name}.{field}"
        if not inner.get("description"):
            yield f"{place} has no description"
        items = inner.get("items", {})
        # What is made of other schemas has its examples there.
        made_of_others = {"$ref", "allOf", "anyOf"} & {*inner, *items}
        is_file = "binary" in {inner.get("format"), items.get("format")}
        if "example" not in inner and not made_of_others and not is_file:
            yield f"{place} has no example"
        yield from _undescribed_in(place, inner)
        yield from _undescribed_in(place, items)


def incomplete(document: Document) -> Iterator[str]:
    """Operations that don't say what they do, who may call, or how they fail."""
    for name, operation in operations(document):
        if not re.fullmatch(r"[A-Z][^\n]*[^.\s]", operation.get("summary", "")):
            yield f"{name}: summary {operation.get('summary')!r}"
        if not operation.get("tags"):
            yield f"{name}: no tag"
        if "security" not in operation:
            yield f"{name}: doesn't say who may call"
        wanted = {"429"} if operation.get("x-access", {}).get("rate_limit") != Category.UNLIMITED else set()
        wanted |= {"401", "403"} if operation.get("security") else set()
        if missing := wanted - set(operation["responses"]):
            yield f"{name}: doesn't document {', '.join(sorted(missing))}"
        if not [status for status in operation["responses"] if status.startswith("2")]:
            yield f"{name}: no answer"


def dangling(document: Document) -> Iterator[str]:
    """References to schemas that there aren't."""
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    found = re.findall(r"'\$ref': '([^']+)'", str(document))
    yield from sorted(set(found) - known)


def _template(rule: str) -> str:
    """A path as OpenAPI writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def test_every_field_has_a_description_and_an_example(document: Document) -> None:
    assert list(undescribed(document)) == []


def test_every_operation_says_what_it_does_who_may_call_and_how_it_fails(document: Document) -> None:
    assert list(incomplete(document)) == []


def test_every_reference_leads_somewhere(document: Document) -> None:
    assert list(dangling(document)) == []


def test_every_route_is_described(app: Flask, document: Document) -> None:
    wanted = {f"{each.method} {_template(each.path)}" for each in contract.served(app) if each.blueprint}
    assert {name for name, _ in operations(document)} == wanted


def test_who_may_call_is_what_the_routes_declare(app: Flask, document: Document) -> None:
    described = dict(operations(document))
    for route in walk.guarded_routes(app):
        operation = described[f"{route.method} {_template(route.rule)}"]
        assert [set(each) for each in operation["security"]] == [
            SECURITY[credential] for credential in sorted(route.access.credentials)
        ]
    public = [operation for operation in described.values() if operation["x-access"]["credentials"] == ["public"]]
    assert public
    assert all(operation["security"] == [] for operation in public)


def test_both_kinds_of_credential_are_described(document: Document) -> None:
    schemes = document["components"]["securitySchemes"]
    assert (schemes["ApiKey"]["in"], schemes["ApiKey"]["name"]) == ("header", "X-API-Key")
    assert (schemes["ApiSecret"]["in"], schemes["ApiSecret"]["name"]) == ("header", "X-API-Secret")
    assert (schemes["UserToken"]["type"], schemes["UserToken"]["scheme"]) == ("http", "bearer")
    assert set(schemes) == set().union(*SECURITY.values())
    assert all(scheme["description"] for scheme in schemes.values())


def test_names_of_operations_are_unique(document: Document) -> None:
    names = [operation["operationId"] for _, operation in operations(document) if "operationId" in operation]
    assert len(names) == len(set(names))


def test_every_problem_is_described_as_one(document: Document) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400 and (name, status) != ("GET /health/ready", "503"):
                assert set(response["content"]) == {"application/problem+json"}, f"{name} {status}"


_FINE: Document = {
    "paths": {
        "/tea": {
            "get": {
                "summary": "Fetch tea",
                "tags": ["tea"],
                "security": [{"UserToken": []}],
                "responses": {"200": {}, "401": {}, "403": {}, "429": {}},
                "parameters": [{"name": "page", "description": "Which.", "schema": {"example": 1}}],
            }
        }
    },
    "components": {"schemas": {"Tea": {"properties": {"name": {"description": "Name.", "example": "Earl"}}}}},
}


def _planted(path: str, value: Any) -> Document:
    """The document above with one thing changed: `paths./tea.get.summary`; None takes it away."""
    copy = _copied(_FINE)
    inner, (*steps, last) = copy, path.split(".")
    for step in steps:
        inner = inner[int(step) if step.isdigit() else step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copy


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def test_a_complete_document_is_fine() -> None:
    assert [*undescribed(_FINE), *incomplete(_FINE), *dangling(_FINE)] == []


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("paths./tea.get.summary", None, "GET /tea: summary None"),
        ("paths./tea.get.summary", "Fetch tea.", "GET /tea: summary 'Fetch tea.'"),
        ("paths./tea.get.tags", [], "GET /tea: no tag"),
        ("paths./tea.get.security", None, "GET /tea: doesn't say who may call"),
        ("paths./tea.get.responses.401", None, "GET /tea: doesn't document 401"),
        ("paths./tea.get.responses.429", None, "GET /tea: doesn't document 429"),
        ("paths./tea.get.responses.200", None, "GET /tea: no answer"),
        ("paths./tea.get.responses.200", {"schema": {"$ref": "#/x"}}, "#/x"),
        ("paths./tea.get.parameters.0.description", None, "GET /tea: page has no description"),
        ("paths./tea.get.parameters.0.schema", {}, "GET /tea: page has no example"),
        (
            "paths./tea.get.requestBody",
            {"content": {"multipart/form-data": {"schema": {"properties": {"x": {"description": "X."}}}}}},
            "GET /tea: multipart/form-data.x has no example",
        ),
        ("components.schemas.Tea.properties.name.description", "", "Tea.name has no description"),
        ("components.schemas.Tea.properties.name.example", None, "Tea.name has no example"),
        ("components.schemas.Tea.properties.name.properties", {"x": {"example": 1}}, "Tea.name.x has no description"),
    ],
)
def test_finds_what_a_document_lacks(path: str, value: Any, found: str) -> None:
    document = _planted(path, value)
    assert found in [*undescribed(document), *incomplete(document), *dangling(document)]


def test_is_sent_once(client: FlaskClient) -> None:
    first = client.get("/openapi.json")
    again = client.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert EVERYWHERE.items() <= dict(again.headers).items()
    assert client.get("/openapi.json", headers={"If-None-Match": '"other"'}).status_code == 200


# The page.


def elsewhere(page: str) -> list[str]:
    """Addresses in a page that are not of its own origin."""
    found = re.findall(r"""(?:src|href|action|url)\s*[=:(]\s*["']?([^"'\s>)]+)""", page)
    return [address for address in found if not address.startswith("/") or address.startswith("//")]


def parts(page: str) -> list[str]:
    """What a page loads."""
    return re.findall(r"""(?:src|href)=["']([^"']+)""", page)


def test_the_page_loads_from_here_alone(client: FlaskClient) -> None:
    page = client.get("/docs").get_data(as_text=True)
    assert elsewhere(page) == []
    assert len(parts(page)) == 4
    start = client.get("/docs/start.js").get_data(as_text=True)
    assert elsewhere(start) == []
    assert 'url: "/openapi.json"' in start


def test_everything_that_the_page_loads_is_served(client: FlaskClient) -> None:
    kinds = {"js": "text/javascript", "css": "text/css", "png": "image/png"}
    for address in parts(client.get("/docs").get_data(as_text=True)):
        with client.get(address) as answer:
            assert answer.status_code == 200, address
            assert answer.mimetype == kinds[address.rpartition(".")[2]]
            assert EVERYWHERE.items() <= dict(answer.headers).items()
            assert answer.content_length


def test_the_styles_load_nothing_from_elsewhere(client: FlaskClient) -> None:
    with client.get("/docs/swagger-ui.css") as answer:
        addresses = re.findall(r"url\(\s*[\"']?([^)\"']+)", answer.get_data(as_text=True))
    assert all(address.startswith("data:") for address in addresses)
    assert b"@import" not in answer.get_data()


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example/x.js">',
        '<link href="//cdn.example/x.css">',
        "<a href=x.html>",
        'url: "http://x"',
    ],
)
def test_finds_an_address_elsewhere(page: str) -> None:
    assert elsewhere(page)


@pytest.mark.parametrize(
    "name",
    [
        "../openapi.json",
        "..%2f..%2fapp/config.py",
        "swagger-ui.css.map",
        "index.html",
        "",
        "%00",
        ".",
        "%2e%2e/config.py",
    ],
)
def test_serves_no_other_file(client: FlaskClient, name: str) -> None:
    with client.get(f"/docs/{name}") as answer:
        assert answer.status_code == 404


def test_lists_every_code_that_a_refusal_can_have(client: FlaskClient) -> None:
    page = client.get("/docs/errors").get_data(as_text=True)
    assert set(_codes(AppError)) <= set(re.findall(r'id="(\w+)"', page))
    assert elsewhere(page) == []


def _codes(family: type[AppError]) -> Iterator[str]:
    yield family.code
    for below in family.__subclasses__():
        yield from _codes(below)


def test_the_address_itself_leads_to_the_page(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")
