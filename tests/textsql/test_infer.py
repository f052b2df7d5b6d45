"""Foreign keys that names suggest."""

from app.textsql import infer
from app.textsql.schema import Column, ForeignKey, Table, TableKind


def _table(name: str, *columns: str, key: str = "id", kind: str = "integer", schema: str | None = "public") -> Table:
    all_columns = tuple(Column(each, kind) for each in (key, *columns))
    return Table(schema, name, TableKind.TABLE, all_columns, (key,))


def _found(*tables: Table) -> dict[tuple[str, str], tuple[str, float]]:
    found: dict[tuple[str, str], tuple[str, float]] = {}
    for each in infer.guess(tables):
        found.setdefault((each.table[1], each.column), (each.target[1], each.confidence))
    return found


def test_by_the_name_of_the_other_table() -> None:
    customers, companies = _table("customers"), _table("companies")
    found = _found(customers, companies, _table("orders", "customer_id", "company_id", "billing_customer_id"))
    assert found["orders", "customer_id"] == ("customers", 0.75)
    assert found["orders", "company_id"] == ("companies", 0.75)
    assert found["orders", "billing_customer_id"] == ("customers", 0.55)


def test_by_the_name_of_its_key() -> None:
    found = _found(_table("clients", key="client_number"), _table("orders", "client_number"))
    assert found["orders", "client_number"][0] == "clients"


def test_other_ways_to_write_it() -> None:
    found = _found(_table("tbl_customers"), _table("Orders", "CustomerID"), _table("notes", "id_customer"))
    assert {found["Orders", "CustomerID"][0], found["notes", "id_customer"][0]} == {"tbl_customers"}


def test_a_parent_is_in_the_same_table() -> None:
    assert _found(_table("categories", "parent_id"))["categories", "parent_id"][0] == "categories"


def test_not_where_types_differ_or_a_key_is_declared_or_nothing_is_called_so() -> None:
    texts = Table(
        "public", "orders", TableKind.TABLE, (Column("id", "integer"), Column("customer_id", "text")), ("id",)
    )
    assert _found(_table("customers"), texts) == {}
    declared = Table(
        "public",
        "orders",
        TableKind.TABLE,
        (Column("id", "integer"), Column("customer_id", "integer")),
        ("id",),
        foreign_keys=(ForeignKey(("customer_id",), "public", "customers", ("id",)),),
    )
    assert _found(_table("customers"), declared) == {}
    assert _found(_table("customers"), _table("orders", "status", "tax_id")) == {}


def test_the_same_schema_is_surer() -> None:
    near, far = _table("users"), _table("users", schema="audit")
    guesses = infer.guess([near, far, _table("orders", "user_id")])
    confidence = {each.target[0]: each.confidence for each in guesses}
    assert confidence["public"] > confidence["audit"]
