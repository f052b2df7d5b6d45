"""Making, reading, changing and deleting webhooks; their secrets."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.crypto import keyring
from app.models.webhook import Webhook
from app.services import secrets_rotation
from tests.cast import Cast
from tests.rows import audited, count, now_in
from tests.webhook.conftest import WithSettings, a_secret, add_webhook, seconds_until

URL = "https://hooks.acme.example/T0/secret-path"
Call = Callable[..., Any]


def test_creates_a_webhook_and_shows_its_secret_once(
    client: FlaskClient, database: Session, cast: Cast, call: Call
) -> None:
    answer = call("POST", "/v1/webhook", url=URL, event_types=["message.completed", "lead.created"], description="CRM")
    assert answer.status_code == 201
    assert answer.json["secret"].startswith("whsec_")
    assert answer.headers["Location"] == f"/v1/webhook/{answer.json['id']}"
    read = client.get(answer.headers["Location"], headers=cast.alice.headers)
    assert read.json == {name: value for name, value in answer.json.items() if name != "secret"}
    assert read.json["event_types"] == ["lead.created", "message.completed"]
    entry = audited(database, "webhook_created")
    assert (entry.actor_id, entry.risk_level) == (cast.alice.id, "high")
    assert "secret-path" not in str(entry.after)


def test_the_secret_is_encrypted_at_rest_and_takes_part_in_the_rotation_of_keys(
    app: Any, database: Session, cast: Cast
) -> None:
    webhook = add_webhook(database, cast.acme, URL)
    stored = text("SELECT secret FROM webhooks")
    before = database.scalar(stored)
    assert a_secret() not in before
    with app.app_context():
        assert secrets_rotation.reencrypt_all()["webhooks"] == 1
    database.rollback()
    after = database.scalar(stored)
    assert (before != after, keyring().decrypt(after)) == (True, a_secret())
    assert now_in(database, Webhook, webhook).secret == a_secret()


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.acme.example/",
        "ftp://hooks.acme.example/",
        "https://user:password@hooks.acme.example/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://2130706433/",
        "https://169.254.169.254/",
        "https://10.1.2.3/",
        "https://hooks.acme.example/with space",
        "https://",
        "",
        "hooks.acme.example",
        f"https://hooks.acme.example/{'x' * 2000}",
    ],
)
def test_refuses_an_address_that_can_not_be_posted_to(database: Session, call: Call, url: str) -> None:
    answer = call("POST", "/v1/webhook", url=url)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["url"])
    assert count(database, Webhook) == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": URL, "event_types": ["tea.made"]},
        {"url": URL, "event_types": ["webhook.test"]},
        {"url": URL, "x": 1},
    ],
)
def test_refuses_a_body_that_is_wrong(call: Call, body: dict[str, Any]) -> None:
    assert call("POST", "/v1/webhook", **body).status_code == 422


def test_refuses_more_than_the_operator_allows(call: Call, with_settings: WithSettings) -> None:
    with_settings(max_webhooks=2)
    answers = [call("POST", "/v1/webhook", url=URL) for _ in range(3)]
    assert [each.status_code for each in answers] == [201, 201, 409]
    assert answers[2].json["code"] == "too_many_webhooks"
    assert "has 2 webhooks" in answers[2].json["detail"]


def test_lists_the_company_s_own(client: FlaskClient, database: Session, cast: Cast) -> None:
    own = [add_webhook(database, cast.acme, URL) for _ in range(2)]
    add_webhook(database, cast.globex, URL)
    answer = client.get("/v1/webhook", headers=cast.alice.headers)
    assert [each["id"] for each in answer.json["items"]] == [str(each) for each in reversed(own)]
    assert "secret" not in answer.json["items"][0]


def test_changes_a_webhook(database: Session, cast: Cast, call: Call) -> None:
    webhook = add_webhook(database, cast.acme, URL)
    answer = call("PUT", f"/v1/webhook/{webhook}", status="disabled", event_types=["lead.created"], description=None)
    assert (answer.status_code, answer.json["status"], answer.json["event_types"]) == (
        200,
        "disabled",
        ["lead.created"],
    )
    assert audited(database, "webhook_changed").before["status"] == "active"  # type: ignore[index]


@pytest.mark.parametrize("body", [{"status": "gone"}, {"url": "http://10.0.0.1"}, {"secret": "whsec_x"}])
def test_refuses_changes_that_are_wrong(database: Session, cast: Cast, call: Call, body: dict[str, str]) -> None:
    webhook = add_webhook(database, cast.acme, URL)
    assert call("PUT", f"/v1/webhook/{webhook}", **body).status_code == 422


def test_deletes_a_webhook(client: FlaskClient, database: Session, cast: Cast, call: Call) -> None:
    webhook = add_webhook(database, cast.acme, URL)
    assert call("DELETE", f"/v1/webhook/{webhook}").status_code == 204
    assert client.get(f"/v1/webhook/{webhook}", headers=cast.alice.headers).status_code == 404
    assert count(database, Webhook) == 0
    audited(database, "webhook_deleted")


def test_rotates_the_secret_with_an_overlap(database: Session, cast: Cast, call: Call) -> None:
    webhook = add_webhook(database, cast.acme, URL)
    answer = call("POST", f"/v1/webhook/{webhook}/secret")
    row = now_in(database, Webhook, webhook)
    assert (answer.json["secret"], row.previous_secret) == (row.secret, a_secret())
    assert row.secret != a_secret()
    assert row.previous_secret_until is not None
    assert 23.9 < seconds_until(row.previous_secret_until) / 3600 <= 24
    assert a_secret() not in str(audited(database, "webhook_secret_rotated").after)


def test_rotates_a_secret_that_leaked_at_once(database: Session, cast: Cast, call: Call) -> None:
    webhook = add_webhook(database, cast.acme, URL)
    call("POST", f"/v1/webhook/{webhook}/secret", overlap_hours=0)
    row = now_in(database, Webhook, webhook)
    assert (row.previous_secret, row.previous_secret_until) == (None, None)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/secret"),
        ("POST", "/test"),
        ("POST", "/redeliver"),
        ("GET", "/delivery"),
        ("GET", "/delivery/{id}"),
        ("POST", "/delivery/{id}/redeliver"),
    ],
)
def test_a_stranger_s_webhook_is_not_there(database: Session, cast: Cast, call: Call, method: str, path: str) -> None:
    foreign = add_webhook(database, cast.globex, URL)
    body = {"since": datetime.now(UTC).isoformat()} if path == "/redeliver" else {}
    assert call(method, f"/v1/webhook/{foreign}{path.format(id=uuid4())}", **body).status_code == 404


def test_keys_need_the_scope_and_an_admin_behind_them(client: FlaskClient, cast: Cast) -> None:
    def status(method: str, headers: Any) -> int:
        return client.open(
            "/v1/webhook", method=method, headers=headers, json={"url": URL} if method == "POST" else None
        ).status_code

    assert status("POST", cast.key(cast.alice, "admin")) == 201
    assert status("POST", cast.key(cast.alice, "write")) == 403
    assert status("GET", cast.key(cast.alice, "read")) == 200
    assert status("GET", cast.key(cast.bob, "read")) == 403
    assert status("GET", cast.bob.headers) == 403
    assert status("GET", cast.vera.headers) == 403
    assert status("GET", {}) == 401
    assert status("GET", cast.key(cast.alice, "admin", permissions={"leads": ["admin"]})) == 403


def test_a_narrowed_key_hears_no_more_than_it_may_read(client: FlaskClient, database: Session, cast: Cast) -> None:
    key = cast.key(cast.alice, "admin", permissions={"webhooks": ["admin"], "leads": ["read"]})
    hears_all = add_webhook(database, cast.acme, URL)

    def status(method: str, path: str, **body: Any) -> int:
        return client.open(path, method=method, headers=key, json=body).status_code

    assert status("POST", "/v1/webhook", url=URL) == 403
    assert status("POST", "/v1/webhook", url=URL, event_types=["lead.created", "message.created"]) == 403
    assert status("POST", "/v1/webhook", url=URL, event_types=["lead.created"]) == 201
    assert status("PUT", f"/v1/webhook/{hears_all}", url=URL) == 403
    assert status("PUT", f"/v1/webhook/{hears_all}", event_types=[]) == 403
    assert status("PUT", f"/v1/webhook/{hears_all}", status="disabled") == 200
    assert status("PUT", f"/v1/webhook/{hears_all}", url=URL, event_types=["lead.deleted"]) == 200


def test_lists_the_types_of_events(client: FlaskClient, cast: Cast) -> None:
    answer = client.get("/v1/webhook/event-type", headers=cast.bob.headers)
    types = {each["type"]: each["data"] for each in answer.json["items"]}
    assert types["message.completed"] == "MessageResponse"
    assert "webhook.test" not in types


def test_the_document_describes_every_event_by_a_schema_that_it_has(client: FlaskClient) -> None:
    from app.models.webhook_event import WebhookEventType

    document = client.get("/openapi.json").json
    assert set(document["x-webhooks"]) == {each.value for each in WebhookEventType}
    for name, item in document["x-webhooks"].items():
        schema = item["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema["properties"]["type"]["enum"] == [name]
        reference = schema["properties"]["data"].get("$ref")
        assert reference is None or reference.rpartition("/")[2] in document["components"]["schemas"]
