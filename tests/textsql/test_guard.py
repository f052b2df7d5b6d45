"""What the guard lets through, and how it writes it. That it also runs is tested in `test_run_*`."""

import itertools
import re

import pytest

from app.textsql.guard import Reason, Refused, check
from app.textsql.schema import Column, Dialect, Table, TableKind
from tests.textsql import corpora, hostile, shop

SCHEMAS = {Dialect.POSTGRESQL: "public", Dialect.MYSQL: "shop", Dialect.SQLITE: None}
DIALECTS = list(Dialect)


def written(sql: str, dialect: Dialect = Dialect.POSTGRESQL, row_limit: int = 100) -> str:
    """What would be run."""
    return check(sql, dialect, shop.tables(dialect, SCHEMAS[dialect]), row_limit=row_limit).sql


def refusal(sql: str, dialect: Dialect = Dialect.POSTGRESQL) -> Refused:
    """Why it isn't run."""
    with pytest.raises(Refused) as caught:
        written(sql, dialect)
    return caught.value


@pytest.mark.slow  # thousands of statements
@pytest.mark.parametrize("dialect", DIALECTS)
class TestCorpora:
    """Statements by the hundred."""

    def test_no_hostile_statement_is_accepted_and_each_is_told_why(self, dialect: Dialect) -> None:
        tables = shop.tables(dialect, SCHEMAS[dialect])
        statements = hostile.hostile(dialect)
        assert len(statements) >= 300
        accepted = []
        for statement in statements:
            try:
                accepted.append((statement[:200], check(statement, dialect, tables, row_limit=10).sql[:200]))
            except Refused as error:
                assert len(str(error)) > 10
                assert error.reason in Reason
        assert accepted == []

    def test_casing_comments_and_space_change_nothing(self, dialect: Dialect) -> None:
        tables = shop.tables(dialect, SCHEMAS[dialect])
        accepted = []
        for number, statement in enumerate(hostile.hostile(dialect)):
            if len(statement) > 300 or any(each in statement for each in ("'", '"', "/*", "--", "#")):
                continue
            words = statement.split(" ")
            variants = (statement.swapcase(), "/* a */".join(f" {word} " for word in words), "\t\n".join(words))
            try:
                accepted.append(check(variants[number % len(variants)], dialect, tables, row_limit=10).sql)
            except Refused:
                continue
        assert accepted == []

    def test_every_legitimate_statement_is_accepted_and_so_is_what_is_written(self, dialect: Dialect) -> None:
        tables = shop.tables(dialect, SCHEMAS[dialect])
        statements = corpora.legitimate(dialect)
        assert len(statements) >= 200
        refused = []
        for statement in statements:
            try:
                once = check(statement, dialect, tables, row_limit=10)
                twice = check(once.sql, dialect, tables, row_limit=10)
            except Refused as error:
                refused.append((statement, str(error)))
            else:
                assert twice.columns == once.columns
                assert {each.name for each in twice.tables} == {each.name for each in once.tables}
        assert refused == []


class TestNames:
    """Every name is written out in full."""

    def test_columns_carry_their_table_and_tables_their_schema(self) -> None:
        assert written("select Name from CUSTOMERS") == (
            'SELECT "customers"."name" AS "name" FROM "public"."customers" AS "customers" LIMIT 101'
        )

    def test_a_star_stands_for_the_known_columns(self) -> None:
        assert "secret" not in written("SELECT * FROM customers")
        assert written("SELECT e.* FROM employees e").count('"e".') == 6

    def test_an_alias_of_a_hidden_columns_name_is_never_taken_for_the_column(self) -> None:
        sql = written("SELECT country AS secret, COUNT(*) FROM customers GROUP BY secret ORDER BY secret")
        assert "GROUP BY 1 ORDER BY 1" in sql
        sql = written("SELECT (SELECT secret FROM customers LIMIT 1) FROM (SELECT 1 AS secret) AS customers")
        assert 'SELECT "customers"."secret"' in sql
        assert 'FROM "public"."customers" AS "customers_2"' in sql

    @pytest.mark.parametrize("dialect", DIALECTS)
    @pytest.mark.parametrize(("outer", "inner"), [("x" * 63 + "a", "x" * 63 + "b"), ("á", "a"), ("a ", "a")])
    def test_names_that_a_database_could_take_for_one_are_written_as_two(
        self, dialect: Dialect, outer: str, inner: str
    ) -> None:
        quote = "`" if dialect is Dialect.MYSQL else '"'
        outer, inner = (f"{quote}{each}{quote}" for each in (outer, inner))
        sql = f"SELECT (SELECT {outer}.secret FROM customers AS {inner} LIMIT 1) FROM (SELECT 1 AS secret) AS {outer}"
        aliases = re.findall(rf" AS {quote}(\w+){quote}(?= LIMIT)", written(sql, dialect))
        assert len(aliases) == 2
        assert len({each[:60].lower() for each in aliases if each.isascii()}) == 2
        assert f"SELECT {quote}{aliases[1]}{quote}.{quote}secret{quote}" in written(sql, dialect)

    def test_a_natural_join_joins_the_known_columns_only(self) -> None:
        sql = written("SELECT c.id FROM customers c NATURAL JOIN (SELECT id, 1 AS other FROM employees) e")
        assert 'USING ("id")' in sql
        assert "NATURAL" not in sql

    def test_a_cte_may_be_called_like_a_table(self) -> None:
        sql = written("WITH customers AS (SELECT name FROM customers) SELECT name FROM customers")
        assert sql.count('"public"."customers"') == 1
        assert refusal("WITH customers AS (SELECT name FROM customers) SELECT email FROM customers").reason == (
            Reason.UNKNOWN_COLUMN
        )

    def test_an_alias_in_having_is_before_a_column_of_its_name_in_mysql_only(self) -> None:
        sql = "SELECT status, SUM(total) AS total FROM orders GROUP BY status HAVING total > 5 AND SUM(total) < 9"
        assert written(sql, Dialect.MYSQL).endswith("HAVING `total` > 5 AND SUM(`orders`.`total`) < 9 LIMIT 101")
        assert 'HAVING "orders"."total" > 5' in written(sql, Dialect.SQLITE)
        sql = "SELECT LEFT(status, 1) AS status FROM orders GROUP BY orders.status HAVING status = 'paid'"
        assert "HAVING `orders`.`status` = 'paid'" in written(sql, Dialect.MYSQL)

    def test_names_of_several_schemas_have_to_be_told_apart(self) -> None:
        column = (Column("id", "integer"),)
        tables = [Table(schema, "t", TableKind.TABLE, column) for schema in ("a", "b")]
        with pytest.raises(Refused, match="name the schema") as caught:
            check("SELECT id FROM t", Dialect.POSTGRESQL, tables, row_limit=1)
        assert caught.value.reason == Reason.AMBIGUOUS
        assert '"b"."t"' in check("SELECT id FROM b.t", Dialect.POSTGRESQL, tables, row_limit=1).sql

    def test_names_with_quotes_stay_names(self) -> None:
        assert '"a""; DROP TABLE x; --"' in written('SELECT 1 AS "a""; DROP TABLE x; --"')
        assert "`a``b`" in written("SELECT 1 AS `a``b`", Dialect.MYSQL)


class TestLimits:
    """How much comes back, and how much may be written."""

    @pytest.mark.parametrize("dialect", DIALECTS)
    def test_one_row_more_than_the_limit_is_asked_for(self, dialect: Dialect) -> None:
        assert written("SELECT 1", dialect, 50).endswith(" LIMIT 51")
        assert written("SELECT 1 LIMIT 7", dialect, 50).endswith(" LIMIT 7")
        assert written("SELECT 1 LIMIT 700000", dialect, 50).endswith(" LIMIT 51")
        assert written("SELECT 1 UNION SELECT 2", dialect, 50).endswith(" LIMIT 51")

    def test_other_ways_to_say_limit(self) -> None:
        assert "FETCH FIRST 101 ROWS ONLY" in written("SELECT 1 FETCH FIRST 5000 ROWS ONLY")
        assert written("SELECT 1 LIMIT ALL").endswith(" LIMIT 101")


class TestGuardItself:
    """What would keep the guard itself busy, or make much of little."""

    @pytest.mark.parametrize("dialect", DIALECTS)
    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT " + "DATE(" * 40 + "1" + ")" * 40,
            "SELECT " + "TIMESTAMP(DATE(" * 20 + "1" + "))" * 20,
            "SELECT " + "(SELECT 1 LIMIT " * 40 + "1" + ")" * 40,
            "SELECT " + "ARRAY[" * 40 + "1" + "]" * 40,
            "SELECT " + ", ".join("*" * 1900) + " FROM customers, orders o, products p, employees e, order_items i",
            "SELECT * FROM " + "(SELECT *, * FROM " * 22 + "customers" + ") x" * 22,
            "WITH a AS (SELECT * FROM customers)"
            + "".join(
                f", {b} AS (SELECT x.*, y.* FROM {a} x, {a} y)" for a, b in itertools.pairwise("abcdefghijklmnop")
            )
            + " SELECT 1 FROM p",
            "SELECT " + "+".join(["id"] * 900) + " AS z FROM customers WHERE " + " AND ".join(["z"] * 700),
            "SELECT id FROM customers c" + "".join(f" FULL JOIN customers c{at} USING (id)" for at in range(120)),
            "SELECT c.id FROM customers c" + "".join(f" JOIN customers c{at} ON true" for at in range(250)),
        ],
        ids=["calls", "types", "limits", "arrays", "stars", "nested stars", "doubled", "alias", "merged", "joins"],
    )
    def test_a_bomb_is_refused_before_it_is_parsed_or_written_out(self, dialect: Dialect, sql: str) -> None:
        assert refusal(sql, dialect).reason in {Reason.TOO_LARGE, Reason.NOT_PARSED}

    def test_a_wide_table_is_written_out(self) -> None:
        wide = Table("public", "w", TableKind.TABLE, tuple(Column(f"c{at}", "integer") for at in range(1000)))
        assert len(check("SELECT * FROM w", Dialect.POSTGRESQL, [wide], row_limit=1).columns) == 1000


class TestReasons:
    """What a refusal says."""

    @pytest.mark.parametrize(
        ("sql", "reason", "said"),
        [
            ("DELETE FROM customers", Reason.NOT_A_QUERY, "DELETE is no query"),
            ("SELECT 1; SELECT 2", Reason.SEVERAL_STATEMENTS, "2 statements"),
            ("SELECT pg_sleep(1)", Reason.FUNCTION, "pg_sleep is not allowed"),
            ("SELECT name,\n  pg_sleep(1) FROM customers", Reason.FUNCTION, "line 2, column 3"),
            ("SELECT x FROM customers", Reason.UNKNOWN_COLUMN, "no column “x” in “customers” (line 1, column 8)"),
            ("SELECT 1 FROM payroll", Reason.UNKNOWN_TABLE, "no table “payroll”"),
            ("SELECT c FROM customers c", Reason.WHOLE_ROW, "whole row"),
            ("SELECT id FROM customers, orders", Reason.AMBIGUOUS, "“customers” and “orders”"),
            ("SELECT 1 FROM customers FOR UPDATE", Reason.CONSTRUCT, "Locking rows"),
            ("SELECT 'a'::regclass", Reason.CONSTRUCT, "system catalogue"),
            ("SELECT 'a\x00'", Reason.NOT_PLAIN_TEXT, "U+0000"),
            ("SELECT (", Reason.NOT_PARSED, "not understood"),
            ("SELECT 1_000", Reason.NOT_PARSED, "The number 1 runs into"),
            ("SELECT 1e3-1e3", Reason.NOT_PARSED, "The number 1e3-1 runs into"),
            ("SELECT {fn now()}", Reason.CONSTRUCT, "Braces"),
            ("SELECT repeat('x', 1000000)", Reason.TOO_MUCH_WORK, "repeat"),
        ],
    )
    def test_names_what_and_where(self, sql: str, reason: Reason, said: str) -> None:
        error = refusal(sql)
        assert error.reason == reason
        assert said in str(error)
