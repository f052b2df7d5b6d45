"""GET /v1/company/deleted."""

from flask.testing import FlaskClient

from tests.cast import Cast

PATH = "/v1/company/deleted"


def test_lists_deleted_companies_to_super_admins(client: FlaskClient, cast: Cast) -> None:
    client.delete(f"/v1/company/{cast.globex}", headers=cast.root.headers)
    answer = client.get(PATH, headers=cast.root.headers)
    assert answer.status_code == 200
    assert [company["id"] for company in answer.json["items"]] == [str(cast.globex)]
    assert answer.json["items"][0]["deleted_at"].endswith("Z")
    assert answer.json["pagination"]["total"] == 1


def test_goes_through_the_pages(client: FlaskClient, cast: Cast) -> None:
    for company_id in (cast.acme, cast.globex):
        client.delete(f"/v1/company/{company_id}", headers=cast.root.headers)
    second = client.get(PATH, query_string={"page": 2, "per_page": 1}, headers=cast.root.headers)
    assert [company["id"] for company in second.json["items"]] == [str(cast.acme)]


def test_shows_others_none(client: FlaskClient, cast: Cast) -> None:
    client.delete(f"/v1/company/{cast.globex}", headers=cast.root.headers)
    for headers in (cast.alice.headers, cast.bob.headers, cast.key(cast.alice, "read")):
        answer = client.get(PATH, query_string={"per_page": 5}, headers=headers)
        assert (answer.status_code, answer.json["items"]) == (200, [])
        assert answer.json["pagination"] == {"page": 1, "per_page": 5, "total": 0, "pages": 0}


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert client.get(PATH).status_code == 401


def test_refuses_a_lead_and_a_narrowed_key(client: FlaskClient, cast: Cast) -> None:
    for headers in (cast.vera.headers, cast.key(cast.alice, "admin", permissions={"leads": ["admin"]})):
        assert client.get(PATH, headers=headers).status_code == 403


def test_refuses_bad_values(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, query_string={"per_page": 101}, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["per_page"])
