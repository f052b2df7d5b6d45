"""PATCH /v1/config."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.config_entry import ConfigEntry
from app.services import configuration
from tests.cast import Cast, Headers
from tests.rows import all_of, audited, count

PATH = "/v1/config"


def put(client: FlaskClient, headers: Headers, key: str, value: Any, **more: Any) -> Any:
    """Stores an entry; the answer."""
    return client.patch(PATH, json={"config_key": key, "config_value": value, **more}, headers=headers)


@pytest.mark.parametrize(
    ("value", "kind"),
    [("x", "string"), (3, "int"), (2.5, "float"), (False, "bool"), ([1, {"a": None}], "json"), (None, "json")],
)
def test_keeps_entries_of_every_type(client: FlaskClient, cast: Cast, value: Any, kind: str) -> None:
    answer = put(client, cast.alice.headers, "shop.colour", value, description="What customers see.")
    assert answer.status_code == 200
    assert (answer.json["config_value"], answer.json["config_type"]) == (value, kind)
    assert (answer.json["scope"], answer.json["description"]) == ("company", "What customers see.")


def test_an_entry_keeps_its_type_and_description_until_told_otherwise(client: FlaskClient, cast: Cast) -> None:
    put(client, cast.alice.headers, "ratio", 2, config_type="float", description="How much.")
    assert put(client, cast.alice.headers, "ratio", "two").status_code == 422
    answer = put(client, cast.alice.headers, "ratio", 3)
    assert (answer.json["config_type"], answer.json["description"]) == ("float", "How much.")
    assert put(client, cast.alice.headers, "ratio", "two", config_type="string").status_code == 200


def test_sensitive_values_are_encrypted_and_never_read_back(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = put(client, cast.alice.headers, "crm", "hush", is_sensitive=True)
    assert (answer.json["config_value"], answer.json["is_sensitive"]) == ("***", True)
    (entry,) = all_of(database, ConfigEntry)
    assert (entry.value, entry.secret) == (None, '"hush"')
    row = str(database.execute(text("SELECT * FROM config_entries")).all())
    assert "hush" not in row
    change = audited(database, "config_changed")
    assert (change.before, change.after) == ({"crm": None}, {"crm": "***"})
    assert put(client, cast.alice.headers, "crm", "***").status_code == 422
    # What is not said stays: a new value of a sensitive entry is sensitive, too.
    assert put(client, cast.alice.headers, "crm", "more").json["config_value"] == "***"
    assert put(client, cast.alice.headers, "crm", "open", is_sensitive=False).json["config_value"] == "open"


def test_names_that_say_secret_are_masked_in_the_log(client: FlaskClient, database: Session, cast: Cast) -> None:
    put(client, cast.alice.headers, "smtp_password", "hush")
    assert audited(database, "config_changed").after == {"smtp_password": "***"}


def test_admins_of_companies_change_no_setting(client: FlaskClient, database: Session, cast: Cast) -> None:
    for headers in (cast.alice.headers, cast.key(cast.alice, "admin")):
        for name in ("allow_signup", "rate_limit_general", "secret_keys", "database_url"):
            answer = put(client, headers, name, True)
            assert (answer.status_code, answer.json["code"]) == (403, "installation_setting")
    in_acmes_name = client.patch(
        f"{PATH}?company_id={cast.acme}",
        json={"config_key": "allow_signup", "config_value": False},
        headers=cast.root.headers,
    )
    assert in_acmes_name.status_code == 403
    assert count(database, ConfigEntry) == 0


@pytest.mark.parametrize(
    ("key", "value", "more", "wrong"),
    [
        ("allow_signup", "no", {}, "config_value"),
        ("allow_signup", 0, {}, "config_value"),
        ("rate_limit_general", 0, {}, "config_value"),
        ("rate_limit_general", -5, {}, "config_value"),
        ("rate_limit_general", 2.5, {}, "config_value"),
        ("rate_limit_general", "500", {}, "config_value"),
        ("rate_limit_general", True, {}, "config_value"),
        ("rate_limit_general", 5, {"config_type": "string"}, "config_type"),
        ("rate_limit_general", 5, {"is_sensitive": True}, "is_sensitive"),
        ("rate_limit_general", 5, {"description": "fast"}, "description"),
        ("invitation_days", 10**9, {}, "config_value"),
        ("audit_retention_days", 29, {}, "config_value"),
        ("evidence_floor", 1.1, {}, "config_value"),
        ("password_min_length", 1000, {}, "config_value"),
        ("maintenance_notice", 5, {}, "config_value"),
        ("secret_keys", "mine", {}, "config_key"),
        ("database_url", "postgresql://evil", {}, "config_key"),
        ("public_url", "https://evil.example", {}, "config_key"),
    ],
)
def test_settings_take_what_the_environment_would_take(
    client: FlaskClient, database: Session, cast: Cast, key: str, value: Any, more: dict[str, Any], wrong: str
) -> None:
    answer = put(client, cast.root.headers, key, value, **more)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [wrong])
    assert count(database, ConfigEntry) == 0


def test_an_entry_has_its_limits(client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "MOST_ENTRIES", 1)
    assert put(client, cast.alice.headers, "one", 1).status_code == 200
    assert put(client, cast.alice.headers, "two", 2).json["code"] == "quota_exceeded"
    assert put(client, cast.alice.headers, "one", 3).status_code == 200
    assert put(client, cast.charlie.headers, "one", 1).status_code == 200


def test_refuses_who_acts_as_somebody_else(client: FlaskClient, cast: Cast) -> None:
    token = client.post(f"/v1/user/{cast.alice.id}/impersonate", headers=cast.root.headers).json["access_token"]
    answer = put(client, {"Authorization": f"Bearer {token}"}, "theme", "dark")
    assert answer.json["code"] == "not_while_impersonating"


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert put(client, {}, "theme", "dark").status_code == 401


def test_refuses_those_who_administer_nothing(
    client: FlaskClient, cast: Cast, refused: Callable[[], list[Headers]]
) -> None:
    for headers in refused():
        assert put(client, headers, "theme", "dark").status_code == 403


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"config_value": 1}, "config_key"),
        ({"config_key": "theme"}, "config_value"),
        ({"config_key": "", "config_value": 1}, "config_key"),
        ({"config_key": "Theme", "config_value": 1}, "config_key"),
        ({"config_key": "a b", "config_value": 1}, "config_key"),
        ({"config_key": "__class__", "config_value": 1}, "config_key"),
        ({"config_key": "a" * 101, "config_value": 1}, "config_key"),
        ({"config_key": "theme", "config_value": "x" * 16_400}, "config_value"),
        ({"config_key": "theme", "config_value": 1e300}, "config_value"),
        ({"config_key": "theme", "config_value": 1, "config_type": "list"}, "config_type"),
        ({"config_key": "theme", "config_value": 1, "config_type": "string"}, "config_value"),
        ({"config_key": "theme", "config_value": 1, "company_id": None}, "company_id"),
        ({"config_key": "theme", "config_value": 1, "updated_by": None}, "updated_by"),
    ],
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, body: dict[str, Any], wrong: str) -> None:
    answer = client.patch(PATH, json=body, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [wrong])
