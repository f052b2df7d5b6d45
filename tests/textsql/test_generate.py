"""What a model is shown, and what is understood of its answer."""

import pytest

from app.textsql.generate import Shown, Written, read, schema_text
from app.textsql.schema import Column, ForeignKey, Table, TableKind


@pytest.mark.parametrize(
    ("answer", "sql"),
    [
        ('{"sql": "SELECT 1", "explanation": "One."}', "SELECT 1"),
        ('Sure!\n```json\n{"sql": "SELECT 1",\n "explanation": "One."}\n```\nHope it helps.', "SELECT 1"),
        ('{"sql": "SELECT\n 1"}', "SELECT\n 1"),
        ("```sql\nSELECT 1\n```", "SELECT 1"),
        ("```\nWITH x AS (SELECT 1) SELECT * FROM x\n```", "WITH x AS (SELECT 1) SELECT * FROM x"),
        ("SELECT 1", "SELECT 1"),
        ('{"sql": ""}', None),
        ('{"sql": 5}', None),
        ('{"sql": "SELECT 1', None),
        ("I can't do that.", None),
        ("", None),
        ("{" * 5_000, None),
    ],
)
def test_sql_is_found_in_an_answer(answer: str, sql: str | None) -> None:
    assert read(answer).sql == sql


def test_a_refusal_is_one() -> None:
    assert read('{"refusal": "Nothing about that."}') == Written(refusal="Nothing about that.")
    assert read('{"sql": "SELECT 1", "refusal": ""}').sql == "SELECT 1"


def wide(columns: int) -> Table:
    """A table with many columns."""
    made = tuple(Column(f"column_{number}_of_many", "character varying(80)") for number in range(columns))
    key = ForeignKey(("owner_id",), None, "owners", ("id",))
    return Table(None, "wide", TableKind.TABLE, (*made, Column("owner_id", "integer"), Column("vat_rate", "numeric")),
                 foreign_keys=(key,), comment="Wide  on\npurpose")  # fmt: skip


def test_a_table_is_a_line() -> None:
    said = schema_text([Shown(wide(1), values={"column_0_of_many": ["a", "b"]})])
    assert said == (
        "wide(column_0_of_many character varying(80) e.g. 'a' | 'b', owner_id integer -> owners.id, vat_rate numeric)"
        " -- Wide on purpose"
    )


def test_of_wide_tables_the_columns_that_join_or_are_asked_for_are_kept() -> None:
    said = schema_text([Shown(wide(400))] * 12, "What is the VAT rate?", most_tokens=3_000)
    assert said.count("owner_id") == said.count("vat_rate") == 12
    assert "382 more" in said
    assert len(said) < 12_500
