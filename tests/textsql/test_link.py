"""Which tables a question is about."""

from app.textsql.link import FITS, Candidate, fit, pick
from app.textsql.schema import Column, ForeignKey, Table, TableKind


def table(name: str, columns: str, comment: str | None = None, **keys: str) -> Candidate:
    """A table; `customer_id="customers"` is a key."""
    return Candidate(
        Table(
            "public",
            name,
            TableKind.TABLE,
            tuple(Column(each, "text") for each in columns.split()),
            foreign_keys=tuple(ForeignKey((column,), "public", other, ("id",)) for column, other in keys.items()),
            comment=comment,
        )
    )


SHOP = [
    table("customers", "id name city"),
    table("orders", "id customer_id placed_at", customer_id="customers"),
    table("order_items", "id order_id product_id quantity", order_id="orders", product_id="products"),
    table("products", "id title category_id", category_id="categories"),
    table("categories", "id label"),
    table("kna1", "kunnr ort01", "Supplier master data"),
    *(table(f"orders_{each}", "id order_id note", order_id="orders") for each in ("history", "log", "import", "notes")),
    *(table(f"device_{number}", "id voltage") for number in range(30)),
]


def names(question: str, most: int = 12) -> list[str]:
    """The names of what is picked."""
    return [each.table.name for each in pick(question, SHOP, most=most)]


def test_tables_that_join_what_fits_are_picked_as_well() -> None:
    found = names("Which categories of products do customers like?", most=6)
    assert {"categories", "products", "customers", "orders", "order_items"} <= set(found)


def test_what_lies_beside_a_table_comes_last_unless_it_is_asked_for() -> None:
    assert names("How many orders were placed?", most=4)[0] == "orders"
    assert "orders_history" not in names("How many orders were placed?", most=4)
    assert "orders_history" in names("The history of orders", most=4)


def test_comments_and_abbreviations_are_understood() -> None:
    assert names("Where do our suppliers sit?")[0] == "kna1"
    shortened = [table("tbl_cust", "id"), table("tbl_qty", "id"), *SHOP]
    assert pick("quantity by customer city", shortened, most=3)[0].table.name in {"tbl_qty", "customers", "tbl_cust"}
    assert "tbl_qty" in [each.table.name for each in pick("quantity in stock", shortened, most=3)]


def test_no_more_than_wanted() -> None:
    assert len(names("orders products customers categories device")) == 12
    assert len(pick("anything", SHOP[:3])) == 3


def test_a_question_about_something_else_does_not_fit() -> None:
    assert fit("Which products are in which category?", SHOP) >= FITS
    assert fit("When do you open on Sundays?", SHOP) == 0.0
