"""GET /v1/company/<company_id>/related-data."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.cast import Cast


def path(cast: Cast) -> str:
    """What belongs to Acme."""
    return f"/v1/company/{cast.acme}/related-data"


def test_counts_what_belongs_to_the_company(
    client: FlaskClient, cast: Cast, add_lead: Callable[..., UUID], address_of: Callable[[UUID], UUID]
) -> None:
    add_lead(cast.acme, deleted_at=datetime.now(UTC))
    add_lead(cast.globex)
    address_of(cast.acme)
    cast.key(cast.alice, "read")
    answer = client.get(path(cast), headers=cast.root.headers)
    assert (answer.status_code, answer.json["company_id"]) == (200, str(cast.acme))
    counts = {table: rows for table, rows in answer.json["counts"].items() if rows}
    # What the figures remember of the changes above is there, too.
    marks = counts.pop("rollup_marks", 0)
    assert counts == {"addresses": 1, "api_keys": 1, "leads": 2, "user_sessions": 3, "users": 3}
    assert answer.json["total"] == 10 + marks


def test_names_every_table_that_belongs_to_companies(client: FlaskClient, database: Session, cast: Cast) -> None:
    """As Postgres knows them, whatever the models say."""
    owned = (
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'company_id' AND table_schema = 'public'"
        " AND table_name NOT IN (SELECT relname FROM pg_class WHERE relispartition)"
    )
    restorable = owned.replace("'company_id'", "'deletion_id'") + " AND table_name <> 'companies'"
    answer = client.get(path(cast), headers=cast.root.headers).json
    assert set(answer["counts"]) == set(database.scalars(text(owned)))
    assert set(answer["cascades"]) == set(database.scalars(text(restorable)))


def test_counts_in_a_deleted_company_too(client: FlaskClient, cast: Cast) -> None:
    client.delete(f"/v1/company/{cast.acme}", headers=cast.root.headers)
    assert client.get(path(cast), headers=cast.root.headers).json["counts"]["users"] == 3


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.get(path(cast)).status_code == 401


def test_refuses_everybody_but_super_admins(client: FlaskClient, cast: Cast) -> None:
    for person in (cast.alice, cast.bob, cast.vera, cast.charlie):
        assert client.get(path(cast), headers=person.headers).status_code == 403


def test_refuses_api_keys(client: FlaskClient, cast: Cast) -> None:
    for maker in (cast.alice, cast.root):
        assert client.get(path(cast), headers=cast.key(maker, "admin")).status_code == 401


def test_answers_404_when_there_is_none(client: FlaskClient, cast: Cast) -> None:
    for company_id in (uuid4(), "7"):
        answer = client.get(f"/v1/company/{company_id}/related-data", headers=cast.root.headers)
        assert answer.status_code == 404
