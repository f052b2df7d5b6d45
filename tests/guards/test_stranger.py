"""The walk: every guarded route, called by everybody who may not, and by a neighbour who names somebody else's rows.

It goes over the URL map, so a new route can't be forgotten; the calls of a test are therefore many.
"""

import base64
import dataclasses
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, abort, jsonify, request
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from app.core import tenancy
from app.db import Base
from app.http.api import api_of
from app.http.requires import Access, Credential
from app.models.company import Company
from app.models.user import Role, User
from app.models.user_session import UserSession
from app.security import tokens
from app.security.scopes import Resource, Scope, includes
from app.security.signing_keys import keys
from app.services import authentication
from tests.cast import Cast, Headers, Person
from tests.guards import rows, walk
from tests.guards.rows import OWNED, Rows
from tests.guards.walk import Attempt, IdsOf, Route

pytestmark = pytest.mark.slow  # one call, and for neighbours a dozen, for every guarded route of the URL map

# Names of ids in paths, queries and bodies that stand for the row of no table.
NO_ROWS: set[str] = set()
# Names that say something else than the table whose rows they stand for.
CALLED = {"task_id": "turns", "subject_id": "conversations", "actor_id": "users"}
PAST = datetime(2020, 1, 1, tzinfo=UTC)


def _bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


# Credentials that are worth nothing: 401 everywhere.


def _claims(person: Person) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(person.token, options={"verify_signature": False})
    return claims


@cache
def _foreign_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _signed(claims: dict[str, Any], *, kid: str | None = None) -> Headers:
    """A token that somebody else signed."""
    kid = keys.signing().kid if kid is None else kid
    return _bearer(jwt.encode(claims, _foreign_key(), algorithm="RS256", headers={"kid": kid}))


def _unsigned(cast: Cast) -> Headers:
    headers = {"kid": keys.signing().kid}
    return _bearer(jwt.encode(_claims(cast.alice), None, algorithm="none", headers=headers))


def _signed_with_the_public_key(cast: Cast) -> Headers:
    """RFC 8725, 2.1: whoever lets the token choose the algorithm takes the public key for an HMAC secret."""
    public = keys.signing().public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = _base64url(json.dumps({"alg": "HS256", "typ": "JWT", "kid": keys.signing().kid}).encode())
    signed = f"{head}.{_base64url(json.dumps(_claims(cast.alice)).encode())}"
    return _bearer(f"{signed}.{_base64url(hmac.digest(public, signed.encode(), hashlib.sha256))}")


def _with_another_subject(cast: Cast) -> Headers:
    head, _, signature = cast.bob.token.split(".")
    claims = {**_claims(cast.bob), "sub": str(cast.alice.id), "sid": str(cast.alice.session_id)}
    return _bearer(f"{head}.{_base64url(json.dumps(claims).encode())}.{signature}")


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _refresh_token(cast: Cast) -> Headers:
    assert cast.alice.session_id
    stored = select(UserSession.refresh_id).where(UserSession.id == cast.alice.session_id)
    refresh_id = cast.database.scalars(stored).one()
    return _bearer(tokens.issue_refresh(cast.alice.id, cast.alice.session_id, refresh_id))


def _access(person: Person, session_id: UUID | None = None, **life: float) -> Headers:
    session_id = session_id or person.session_id or uuid4()
    return _bearer(tokens.issue_access(person.id, session_id, timedelta(**life) if life else None))


def _after(cast: Cast, model: Any, row_id: UUID | None, headers: Headers, **values: object) -> Headers:
    """Headers, after something happened to a row."""
    cast.database.execute(update(model).where(model.id == row_id).values(**values))
    cast.database.commit()
    return headers


WORTHLESS: dict[str, Callable[[Cast], Headers]] = {
    "nothing": lambda cast: {},
    "an empty token": lambda cast: _bearer(""),
    "no token at all": lambda cast: _bearer("' OR 1=1 --"),
    "something like a token": lambda cast: _bearer("a.b.c"),
    "a token of another scheme": lambda cast: {"Authorization": f"Basic {cast.alice.token}"},
    "a token in a cookie": lambda cast: {"Cookie": f"access_token_cookie={cast.alice.token}"},
    "an expired token": lambda cast: _access(cast.alice, seconds=-1),
    "an unsigned token": _unsigned,
    "a token signed with the public key": _signed_with_the_public_key,
    "a token signed by somebody else": lambda cast: _signed(_claims(cast.alice)),
    "a token of an unknown key": lambda cast: _signed(_claims(cast.alice), kid=str(uuid4())),
    "a token of no key": lambda cast: _signed(_claims(cast.alice), kid=""),
    "a token with another subject": _with_another_subject,
    "a token of somebody else's session": lambda cast: _access(cast.alice, cast.bob.session_id),
    "a token of no session": lambda cast: _access(cast.alice, uuid4()),
    "a refresh token": _refresh_token,
    "a token of an ended session": lambda cast: _after(
        cast, UserSession, cast.alice.session_id, cast.alice.headers, revoked_at=PAST
    ),
    "a token of an expired session": lambda cast: _after(
        cast, UserSession, cast.alice.session_id, cast.alice.headers, expires_at=PAST
    ),
    "a suspended user's token": lambda cast: _after(cast, User, cast.alice.id, cast.alice.headers, status="suspended"),
    "a deleted user's token": lambda cast: _after(cast, User, cast.alice.id, cast.alice.headers, deleted_at=PAST),
    "an unknown key": lambda cast: {"X-API-Key": f"fdk_{'0' * 30}", "X-API-Secret": "fds_nothing"},
    "a key with a wrong secret": lambda cast: {**cast.key(cast.alice, "admin"), "X-API-Secret": "fds_wrong"},
    "a key with another key's secret": lambda cast: {
        **cast.key(cast.alice, "admin"),
        "X-API-Secret": cast.key(cast.alice, "admin")["X-API-Secret"],
    },
    "a key without its secret": lambda cast: {"X-API-Key": cast.key(cast.alice, "admin")["X-API-Key"]},
    "a secret without its key": lambda cast: {"X-API-Secret": cast.key(cast.alice, "admin")["X-API-Secret"]},
    "an expired key": lambda cast: cast.key(cast.alice, "admin", expires_at=PAST),
    "a revoked key": lambda cast: cast.key(cast.alice, "admin", revoked_at=PAST),
    "a suspended user's key": lambda cast: _after(
        cast, User, cast.alice.id, cast.key(cast.alice, "admin"), status="suspended"
    ),
    "a deleted user's key": lambda cast: _after(
        cast, User, cast.alice.id, cast.key(cast.alice, "admin"), deleted_at=PAST
    ),
    "a token and a key at once": lambda cast: {**cast.alice.headers, **cast.key(cast.alice, "admin")},
}


@pytest.mark.parametrize("credential", WORTHLESS)
def test_refuses_what_is_worth_nothing(app: Flask, client: FlaskClient, cast: Cast, credential: str) -> None:
    with app.app_context():
        headers = WORTHLESS[credential](cast)
    assert walk.not_refused(client, walk.guarded_routes(app), headers, 401) == []


# Credentials that are good, but not for this: 403, or 401 where keys are not taken at all.


def _without_tenant(cast: Cast, headers: Headers, **values: object) -> Headers:
    return _after(cast, Company, cast.acme, headers, **values)


@pytest.mark.parametrize("state", [{"status": "suspended"}, {"deleted_at": PAST}])
@pytest.mark.parametrize("kind", ["jwt", "key", "lead"])
def test_refuses_everybody_of_a_closed_company(
    app: Flask, client: FlaskClient, cast: Cast, kind: str, state: dict[str, object]
) -> None:
    taken = {"jwt": Credential.JWT, "key": Credential.API_KEY, "lead": Credential.LEAD}[kind]
    headers = {"jwt": cast.alice.headers, "key": cast.key(cast.alice, "admin"), "lead": cast.vera.headers}[kind]
    routes = [route for route in walk.guarded_routes(app) if taken in route.access.credentials]
    headers = _without_tenant(cast, headers, **state)
    assert walk.not_refused(client, routes, headers, 403, "tenant_suspended") == []


def test_refuses_a_key_where_only_tokens_are_taken(app: Flask, client: FlaskClient, cast: Cast) -> None:
    routes = [route for route in walk.guarded_routes(app) if Credential.API_KEY not in route.access.credentials]
    assert routes
    assert walk.not_refused(client, routes, cast.key(cast.alice, "admin"), 401) == []


def test_refuses_a_visitor_where_only_the_team_is_taken(app: Flask, client: FlaskClient, cast: Cast) -> None:
    routes = [route for route in walk.guarded_routes(app) if Credential.LEAD not in route.access.credentials]
    assert walk.not_refused(client, routes, cast.vera.headers, 403) == []


def test_refuses_the_team_where_only_visitors_are_taken(app: Flask, client: FlaskClient, cast: Cast) -> None:
    routes = [route for route in walk.guarded_routes(app) if route.access.credentials == {Credential.LEAD}]
    assert walk.not_refused(client, routes, cast.alice.headers, 403) == []


@pytest.mark.parametrize("role", [Role.MEMBER, Role.SUPPORTER, Role.ADMIN])
def test_refuses_a_role_that_is_not_named(app: Flask, client: FlaskClient, cast: Cast, role: Role) -> None:
    person = {Role.MEMBER: cast.bob, Role.SUPPORTER: cast.sam, Role.ADMIN: cast.alice}[role]
    routes = [route for route in walk.guarded_routes(app) if route.access.roles and role not in route.access.roles]
    by_token = [route for route in routes if Credential.JWT in route.access.credentials]
    by_key = [route for route in routes if Credential.API_KEY in route.access.credentials]
    assert by_token
    assert walk.not_refused(client, by_token, person.headers, 403) == []
    assert walk.not_refused(client, by_key, cast.key(person, "admin"), 403) == []


@pytest.mark.parametrize("held", [Scope.READ, Scope.WRITE])
def test_refuses_a_key_of_a_lesser_scope(app: Flask, client: FlaskClient, cast: Cast, held: Scope) -> None:
    routes = [route for route in _taking_keys(app) if route.access.scope and not includes(held, route.access.scope)]
    assert routes
    assert walk.not_refused(client, routes, cast.key(cast.alice, held), 403) == []


@pytest.mark.parametrize("resource", list(Resource))
def test_refuses_a_key_that_is_narrowed_to_something_else(
    app: Flask, client: FlaskClient, cast: Cast, resource: Resource
) -> None:
    routes = [route for route in _taking_keys(app) if route.access.resource != resource]
    key = cast.key(cast.alice, "admin", permissions={resource.value: ["admin"]})
    assert walk.not_refused(client, routes, key, 403) == []


def test_refuses_a_key_that_is_narrowed_to_nothing(app: Flask, client: FlaskClient, cast: Cast) -> None:
    assert walk.not_refused(client, _taking_keys(app), cast.key(cast.alice, "admin", permissions={}), 403) == []


def _taking_keys(app: Flask) -> list[Route]:
    return [route for route in walk.guarded_routes(app) if Credential.API_KEY in route.access.credentials]


def test_every_route_that_takes_keys_says_which_scope_and_resource(app: Flask) -> None:
    assert [str(route) for route in _taking_keys(app) if not (route.access.scope and route.access.resource)] == []


# Neighbours: credentials that are good for this, and somebody else's ids.


@dataclasses.dataclass(frozen=True)
class Neighbours:
    """Alice's company and the other one, each with a row in every table."""

    cast: Cast
    own: Rows
    foreign: Rows

    @property
    def secrets(self) -> set[str]:
        """What nobody of Alice's company may ever see."""
        cast, told = self.cast, {"stranger", "globex"}
        ids = [value for name in OWNED for value in self.foreign[name].values() if isinstance(value, UUID)]
        return {*told, *map(str, ids), str(cast.globex), str(cast.charlie.id), str(cast.charlie.session_id)}

    def token(self) -> Headers:
        """Alice's, of a new session, whatever the last call did to her."""
        self._restore()
        session = UserSession(
            company_id=self.cast.acme,
            user_id=self.cast.alice.id,
            refresh_id=uuid4(),
            expires_at=datetime.now(UTC) + timedelta(hours=1),
        )
        self.cast.database.add(session)
        self.cast.database.commit()
        return _access(self.cast.alice, session.id)

    def key(self) -> Headers:
        """A new key of Alice's, whatever the last call did to her."""
        self._restore()
        return self.cast.key(self.cast.alice, "admin")

    def _restore(self) -> None:
        live = {"status": "active", "deleted_at": None}
        self.cast.database.execute(update(Company).where(Company.id == self.cast.acme).values(live))
        self.cast.database.execute(
            update(User).where(User.id == self.cast.alice.id).values(live | {"role": Role.ADMIN})
        )

    def attempts(self, app: Flask, routes: list[Route]) -> Iterator[Attempt]:
        """Every way to name the other company's rows."""
        document = api_of(app).spec.to_dict()
        own, foreign = IdsOf(self.own, NO_ROWS, CALLED), IdsOf(self.foreign, NO_ROWS, CALLED)
        return walk.attempts(routes, document, own=own, foreign=foreign)


@pytest.fixture
def neighbours(cast: Cast, _owner: Engine) -> Iterator[Neighbours]:
    with _owner.begin() as connection:
        own = rows.fill(connection, cast.acme, "own", {"companies": {"id": cast.acme}})
        foreign = rows.fill(connection, cast.globex, "stranger", {"companies": {"id": cast.globex}})
    yield Neighbours(cast, own, foreign)
    with _owner.begin() as connection:
        rows.remove(connection, own, foreign)


def dump(database: Session, company_id: UUID) -> dict[str, list[Any]]:
    """Every row of a company."""
    database.rollback()
    found = {}
    for name in ("companies", *OWNED):
        table = Base.metadata.tables[name]
        column = table.c.id if name == "companies" else table.c.company_id
        found[name] = database.execute(select(table).where(column == company_id).order_by(*table.primary_key)).all()
    return found


@pytest.mark.parametrize("credential", ["token", "key"])
def test_tells_a_neighbour_nothing_and_changes_nothing(
    app: Flask, client: FlaskClient, neighbours: Neighbours, credential: str
) -> None:
    before = dump(neighbours.cast.database, neighbours.cast.globex)
    routes = walk.guarded_routes(app) if credential == "token" else _taking_keys(app)
    headers = _in_context(app, neighbours.token if credential == "token" else neighbours.key)
    tried = neighbours.attempts(app, routes)
    assert walk.leaks(client, tried, headers, neighbours.secrets) == []
    assert dump(neighbours.cast.database, neighbours.cast.globex) == before
    # And all the while the caller could have done the same to rows of her own.
    assert client.get("/v1/company", headers=headers()).status_code == 200


def test_finds_a_rule_that_was_dropped(
    app: Flask, client: FlaskClient, neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    def acting_for(_principal: object, company_id: UUID) -> UUID:
        tenancy.enter_company(company_id)
        return company_id

    monkeypatch.setattr(authentication, "acting_for", acting_for)
    routes = [route for route in walk.guarded_routes(app) if str(route).endswith("<uuid:company_id>/statistics")]
    leaks = walk.leaks(client, neighbours.attempts(app, routes), _in_context(app, neighbours.token), neighbours.secrets)
    route = "GET /v1/company/<uuid:company_id>/statistics"
    assert leaks == [
        f"{route} (path: company_id, body: none): 200 for another company's id",
        f"{route} (query, body: none): 200 for another company's id",
    ]


def _in_context(app: Flask, make: Callable[[], Headers]) -> Callable[[], Mapping[str, str]]:
    def headers() -> Mapping[str, str]:
        with app.app_context():
            return make()

    return headers


def test_the_neighbours_have_something_to_look_for(neighbours: Neighbours) -> None:
    assert all(dump(neighbours.cast.database, neighbours.cast.globex).values())
    assert len(neighbours.secrets) > len(OWNED)


# The walk itself, on routes that do what they should not.


def _planted(rule: str, view: Callable[..., Any], method: str = "GET", **access: Any) -> Flask:
    app = Flask("planted", static_folder=None)
    view._access = Access(frozenset({Credential.JWT}), **access)  # type: ignore[attr-defined]
    app.add_url_rule(rule, "planted", view, methods=[method])
    return app


def _leaky(app: Flask, **document: Any) -> list[str]:
    (route,) = walk.guarded_routes(app)
    ids = {"company_id": "company-of-globex", "tea_id": "tea-of-globex", "tea_ids": "tea-of-globex"}
    tried = walk.attempts([route], document or {"paths": {}}, own=walk.any_id, foreign=lambda name: ids[name])
    return walk.leaks(app.test_client(), tried, dict, ["tea-of-globex", "the globex blend"])


def test_walks_guarded_routes_alone(app: Flask) -> None:
    routes = {str(route) for route in walk.guarded_routes(app)}
    assert "PUT /v1/company/<uuid:company_id>" in routes
    assert "POST /v1/auth/login" not in routes


@pytest.mark.parametrize(
    ("view", "found"),
    [
        (lambda: "welcome", "GET /tea: 200 text/html; charset=utf-8"),
        (lambda: abort(401), "GET /tea: 401 text/html; charset=utf-8"),
        (lambda: abort(500), "GET /tea: 500 text/html; charset=utf-8"),
        (
            lambda: Response("{}", 404, content_type="application/problem+json"),
            "GET /tea: 404 application/problem+json",
        ),
    ],
)
def test_finds_a_route_that_lets_anybody_in(view: Callable[..., Any], found: str) -> None:
    app = _planted("/tea", view)
    assert walk.not_refused(app.test_client(), walk.guarded_routes(app), {}, 401) == [found]


def test_finds_another_code() -> None:
    def view() -> Response:
        return Response('{"code": "forbidden"}', 403, content_type="application/problem+json")

    app = _planted("/tea", view)
    found = walk.not_refused(app.test_client(), walk.guarded_routes(app), {}, 403, "tenant_suspended")
    assert found == ["GET /tea: forbidden"]


def _refusal() -> Response:
    return Response("{}", 404, content_type="application/problem+json")


def test_passes_a_route_that_tells_nothing() -> None:
    def view() -> Any:
        return _refusal() if request.args else jsonify(name="our own blend")

    assert _leaky(_planted("/tea", view)) == []


def test_finds_a_route_that_tells_something() -> None:
    def view() -> Any:
        return _refusal() if "company_id" in request.args else jsonify(name="The Globex blend")

    document = {"paths": {"/tea": {"get": {"parameters": [_QUERY]}}}}
    assert _leaky(_planted("/tea", view), **document) == ["GET /tea (filter, body: none): 200 with the globex blend"]


_QUERY = {"in": "query", "name": "tea_id", "schema": {"type": "string", "format": "uuid"}}
_TEAS = {"properties": {"tea_ids": {"items": {"format": "uuid"}, "example": ["x"]}, "name": {"example": "Earl"}}}
_BODY = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Teas"}}}}}


def test_finds_a_route_that_takes_a_foreign_company_in_the_query() -> None:
    assert "GET /tea (query, body: none): 200 for another company's id" in _leaky(_planted("/tea", lambda: "tea"))


def test_finds_a_route_that_takes_a_foreign_id_in_the_path() -> None:
    app = _planted("/tea/<uuid:tea_id>", lambda tea_id: "tea")
    app.url_map.converters["uuid"].regex = r"[\w-]+"
    (found, *_) = walk.guarded_routes(app)
    assert found.ids == ["tea_id"]
    tried = walk.attempts([found], {"paths": {}}, own=walk.any_id, foreign=walk.any_id)
    leaks = walk.leaks(app.test_client(), tried, dict, [])
    assert "GET /tea/<uuid:tea_id> (path: tea_id, body: none): 200 for another company's id" in leaks


def test_finds_a_route_that_breaks_down() -> None:
    assert "GET /tea (query, body: none): 500" in _leaky(_planted("/tea", lambda: abort(500)))


def test_finds_a_route_that_takes_foreign_ids_in_the_body() -> None:
    def view() -> Any:
        return _refusal() if request.args else jsonify(changed=request.json)

    app = _planted("/tea", view, method="PATCH")
    found = _leaky(app, paths={"/tea": {"patch": _BODY}}, components={"schemas": {"Teas": _TEAS}})
    assert found == ["PATCH /tea (body): 200 with tea-of-globex"]


def test_says_which_name_of_an_id_it_does_not_know() -> None:
    ids = IdsOf({"api_keys": {"id": 1}, "companies": {"id": 2}, "addresses": {"id": 3}}, unknown={"turn_id"})
    assert [ids(name) for name in ("api_key_id", "company_id", "company_ids", "address_id", "key_id")] == [
        1,
        2,
        2,
        3,
        1,
    ]
    assert isinstance(ids("turn_id"), UUID)
    models = IdsOf(
        {"provider_models": {"id": 4}, "llm_settings": {"id": 5}, "turns": {"id": 6}}, called={"task_id": "turns"}
    )
    assert [models(name) for name in ("embedding_model_id", "settings_id", "task_id")] == [4, 5, 6]
    with pytest.raises(LookupError, match="planted_id"):
        ids("planted_id")
