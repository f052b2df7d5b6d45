"""GET /v1/company/statistics and GET /v1/company/<company_id>/statistics."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.lead import Lead
from tests.cast import Cast
from tests.rows import change

PATH = "/v1/company/statistics"

AddLead = Callable[..., UUID]


@pytest.fixture
def leads(database: Session, cast: Cast, add_lead: AddLead) -> None:
    """Beside Vera: two of today, one of three days ago, an old one, a deleted one, and one of another company."""
    change(database, Lead, cast.vera.id, created_at=datetime.now(UTC) - timedelta(days=3), source="widget")
    add_lead(cast.acme, status="converted", source="widget")
    add_lead(cast.acme, status="converted")
    add_lead(cast.acme, days_ago=3, status="lost", source="import")
    add_lead(cast.acme, days_ago=31, status="converted", source="widget")
    add_lead(cast.acme, deleted_at=datetime.now(UTC))
    add_lead(cast.globex, status="qualified", source="fair")


def test_counts_the_leads_of_thirty_days(client: FlaskClient, cast: Cast, leads: None) -> None:
    numbers = client.get(PATH, headers=cast.bob.headers).json
    assert (numbers["company_id"], numbers["days"]) == (str(cast.acme), 30)
    assert (numbers["total"], numbers["recent"]) == (5, 4)
    assert numbers["by_status"] == {"new": 1, "converted": 2, "lost": 1}
    assert numbers["by_source"] == {"widget": 2, "unknown": 1, "import": 1}
    assert numbers["conversion_rate"] == 0.5


def test_counts_by_day_of_utc(client: FlaskClient, cast: Cast, leads: None) -> None:
    by_day = client.get(PATH, headers=cast.bob.headers).json["by_day"]
    earlier, today = (datetime.now(UTC) - timedelta(days=3)).date(), datetime.now(UTC).date()
    assert list(by_day.items()) == [(earlier.isoformat(), 2), (today.isoformat(), 2)]


@pytest.mark.parametrize(("days", "recent"), [(1, 2), (4, 4), (32, 5), (3650, 5)])
def test_looks_back_as_far_as_told(client: FlaskClient, cast: Cast, leads: None, days: int, recent: int) -> None:
    numbers = client.get(PATH, query_string={"days": days}, headers=cast.bob.headers).json
    assert (numbers["days"], numbers["recent"], numbers["total"]) == (days, recent, 5)


def test_answers_zeros_when_there_are_no_leads(client: FlaskClient, cast: Cast) -> None:
    numbers = client.get(PATH, headers=cast.charlie.headers).json
    assert (numbers["total"], numbers["recent"], numbers["conversion_rate"]) == (0, 0, 0.0)
    assert numbers["by_status"] == numbers["by_source"] == numbers["by_day"] == {}


def test_answers_the_same_by_id_and_by_key(client: FlaskClient, cast: Cast, leads: None) -> None:
    own = client.get(PATH, headers=cast.alice.headers).json
    path = f"/v1/company/{cast.acme}/statistics"
    for headers in (cast.bob.headers, cast.key(cast.alice, "read"), cast.root.headers):
        assert client.get(path, headers=headers).json == own


def test_asks_a_super_admin_which_company(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.root.headers).json["code"] == "company_required"
    answer = client.get(PATH, query_string={"company_id": str(cast.acme)}, headers=cast.root.headers)
    assert (answer.status_code, answer.json["company_id"]) == (200, str(cast.acme))


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    for path in (PATH, f"/v1/company/{cast.acme}/statistics"):
        assert client.get(path).status_code == 401


def test_refuses_a_lead_and_a_narrowed_key(client: FlaskClient, cast: Cast) -> None:
    narrowed = cast.key(cast.alice, "admin", permissions={"leads": ["admin"]})
    for headers in (cast.vera.headers, narrowed):
        for path in (PATH, f"/v1/company/{cast.acme}/statistics"):
            assert client.get(path, headers=headers).status_code == 403


def test_hides_another_company(client: FlaskClient, cast: Cast) -> None:
    for company_id in (cast.globex, uuid4()):
        assert client.get(f"/v1/company/{company_id}/statistics", headers=cast.alice.headers).status_code == 404
    assert client.get(f"/v1/company/{uuid4()}/statistics", headers=cast.root.headers).status_code == 404


@pytest.mark.parametrize("days", [0, -1, 3651, "many", 1.5, ""])
def test_refuses_bad_values(client: FlaskClient, cast: Cast, days: Any) -> None:
    for path in (PATH, f"/v1/company/{cast.acme}/statistics"):
        answer = client.get(path, query_string={"days": days}, headers=cast.alice.headers)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["days"])


def test_has_a_limit_of_its_own(client: FlaskClient, cast: Cast, with_settings: Callable[..., None]) -> None:
    with_settings(rate_limit_analytics=3)
    answer = client.get(PATH, headers=cast.alice.headers)
    assert answer.headers["X-RateLimit-Limit"] == "3"
