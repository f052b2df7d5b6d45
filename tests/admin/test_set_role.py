"""PATCH /v1/user/<user_id>/role."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.user import User
from tests.cast import Cast, Headers
from tests.rows import audited, now_in

AddUser = Callable[..., UUID]


def path(user_id: object) -> str:
    """A user's role."""
    return f"/v1/user/{user_id}/role"


def test_changes_what_the_user_may_do_from_the_next_call_on(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.patch(path(cast.bob.id), json={"role": "admin"}, headers=cast.root.headers)
    assert (answer.status_code, answer.json["role"]) == (200, "admin")
    assert client.get("/v1/admin/user", headers=cast.bob.headers).status_code == 200
    entry = audited(database, "user_role_changed")
    assert (entry.company_id, entry.before, entry.after) == (cast.acme, {"role": "member"}, {"role": "admin"})
    assert (entry.actor_id, entry.risk_level) == (cast.root.id, "critical")


def test_cuts_the_keys_of_a_user_who_may_do_less(client: FlaskClient, cast: Cast, add_user: AddUser) -> None:
    add_user("dora", role="admin")
    key = cast.key(cast.alice, "admin")
    answer = client.patch(path(cast.alice.id), json={"role": "member"}, headers=cast.key(cast.root, "admin"))
    assert answer.status_code == 200
    assert client.get("/v1/admin/user", headers=key).status_code == 403
    assert client.get("/v1/admin/user", headers=cast.alice.headers).status_code == 403


def test_a_company_keeps_an_admin(client: FlaskClient, database: Session, cast: Cast, add_user: AddUser) -> None:
    add_user("dora", role="admin", status="suspended")
    answer = client.patch(path(cast.alice.id), json={"role": "member"}, headers=cast.root.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "last_admin")
    assert client.patch(path(cast.alice.id), json={"role": "admin"}, headers=cast.root.headers).status_code == 200
    assert now_in(database, User, cast.alice.id).role == "admin"


def test_nobody_changes_themselves_and_super_admins_have_no_other_role(
    client: FlaskClient, cast: Cast, add_user: AddUser
) -> None:
    own = client.patch(path(cast.root.id), json={"role": "admin"}, headers=cast.root.headers)
    assert (own.status_code, own.json["code"]) == (403, "own_account")
    second = add_user("rita", company_id=None, role="super_admin")
    other = client.patch(path(second), json={"role": "admin"}, headers=cast.root.headers)
    assert (other.status_code, other.json["code"]) == (409, "platform_user")


def test_a_narrowed_key_makes_no_admins(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.root, "admin", permissions={"users": ["admin"]})
    assert client.patch(path(cast.bob.id), json={"role": "admin"}, headers=key).status_code == 403
    assert client.patch(path(cast.bob.id), json={"role": "supporter"}, headers=key).status_code == 200


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.patch(path(cast.bob.id), json={"role": "admin"}).status_code == 401


def test_refuses_everybody_but_super_admins(
    client: FlaskClient, cast: Cast, refused: Callable[[], list[Headers]]
) -> None:
    for headers in (cast.alice.headers, cast.key(cast.alice, "admin"), *refused()):
        assert client.patch(path(cast.sam.id), json={"role": "admin"}, headers=headers).status_code == 403


def test_hides_what_is_not_there(client: FlaskClient, cast: Cast) -> None:
    for user_id in (uuid4(), "me"):
        assert client.patch(path(user_id), json={"role": "admin"}, headers=cast.root.headers).status_code == 404
    of_globex = f"{path(cast.bob.id)}?company_id={cast.globex}"
    assert client.patch(of_globex, json={"role": "admin"}, headers=cast.root.headers).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"role": "super_admin"}, {"role": "owner"}, {"role": None}, {"role": "member", "company_id": None}]
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, body: Any) -> None:
    answer = client.patch(path(cast.bob.id), json=body, headers=cast.root.headers)
    assert (answer.status_code, len(answer.json["errors"])) == (422, 1)
