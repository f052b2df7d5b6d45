"""What the names in a statement may stand for: known tables, and what the statement itself makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from app.textsql.guard.refusals import Reason, Refused
from app.textsql.schema import Dialect, Table

_DEFAULT_SCHEMA = "public"


def fold(name: str) -> str:
    """Names are compared without case, as people and models write them; what is written out is the real one."""
    return name.casefold()


@dataclass(frozen=True)
class Source:
    """Something in FROM. alias: its name in the whole statement; columns: their real names, in order."""

    alias: str
    columns: tuple[str, ...]
    # As the statement calls it; a table without an alias also by its schema.
    called: str
    schema: str | None = None
    # Of a function that returns single values: its alias alone stands for the value.
    value: str | None = None

    def find(self, column: str, *, exactly: bool) -> str | None:
        """The real name of a column. exactly: it was quoted, so its case counts where two differ by nothing else."""
        if self.columns.count(column) > 1:
            raise Refused(Reason.AMBIGUOUS, f"“{self.called}” has several columns called “{column}”")
        if column in self.columns:
            return column
        alike = [each for each in self.columns if fold(each) == fold(column)]
        return alike[0] if len(set(alike)) == 1 and not (exactly and len(alike) > 1) else None


@dataclass
class Budget:
    """How much longer than it came a statement may become: every `*` lists columns, every use of an alias repeats what
    it stands for, and either can double at each level."""

    nodes: int = 20_000
    tables: int = 60  # the most that MySQL joins

    def spend(self, *values: exp.Expr) -> None:
        """Raises `Refused` when there is nothing left for these to be written once more."""
        for value in values:
            for _node in value.walk():
                self.nodes -= 1
                if self.nodes < 0:
                    raise Refused(Reason.TOO_LARGE, "The statement becomes too long when its names are written out")

    def spend_table(self) -> None:
        """Raises `Refused` for one table too many."""
        self.tables -= 1
        if self.tables < 0:
            raise Refused(Reason.TOO_LARGE, "The statement reads too many tables")


@dataclass
class Scope:
    """What the names of one SELECT can mean, and what lies around it."""

    budget: Budget
    outer: Scope | None = None
    sources: list[Source] = field(default_factory=list)
    # Columns joined by USING, under their folded names: in full joins they are of neither side.
    merged: dict[str, exp.Expr] = field(default_factory=dict)

    def add(self, source: Source) -> None:
        """Raises `Refused` for a name that is taken, and for too many tables."""
        self.budget.spend_table()
        if any(fold(each.called) == fold(source.called) for each in self.sources):
            raise Refused(Reason.AMBIGUOUS, f"Two tables are called “{source.called}”; give each its own alias")
        self.sources.append(source)

    def columns(self, sources: Sequence[Source]) -> list[exp.Expr]:
        """What `*` stands for: joined columns once, then the others in order."""
        found: list[exp.Expr] = []
        seen: set[str] = set()
        for source in sources:
            for name in source.columns:
                merged = self.merged.get(fold(name))
                if merged is None:
                    found.append(column(source.alias, name))
                    self.budget.spend(found[-1])
                elif fold(name) not in seen:
                    seen.add(fold(name))
                    self.budget.spend(merged)
                    found.append(named(merged.copy(), name))
        return found


class Catalogue:
    """The known tables, by the names that a statement may use for them."""

    def __init__(self, tables: Sequence[Table], dialect: Dialect) -> None:
        self._dialect = dialect
        self._by_name: dict[str, list[Table]] = {}
        for table in tables:
            self._by_name.setdefault(fold(table.name), []).append(table)

    def find(self, name: str, schema: str | None) -> Table:
        """Raises `Refused` for a table that is not known, or could be several."""
        shown = f"{schema}.{name}" if schema else name
        found = self._by_name.get(fold(name), [])
        if schema is not None:
            found = [each for each in found if fold(self.schema_of(each) or "") == fold(schema)]
        if len(found) > 1:
            exact = [each for each in found if each.name == name]
            found = exact or found
        if len(found) > 1:
            found = [each for each in found if self.schema_of(each) == _DEFAULT_SCHEMA] or found
        if not found:
            raise Refused(Reason.UNKNOWN_TABLE, f"There is no table “{shown}” among those that may be asked")
        if len(found) > 1:
            schemas = ", ".join(sorted(str(each.schema) for each in found))
            raise Refused(Reason.AMBIGUOUS, f"There are several tables “{shown}”: name the schema ({schemas})")
        return found[0]

    def knows(self, name: str) -> bool:
        """Whether a table is called so, in any schema."""
        return fold(name) in self._by_name

    def schema_of(self, table: Table) -> str | None:
        """The schema that a table is written out with. Written out wherever there is one, so that neither a name of the
        statement's own nor a search path can put another table in its place."""
        if table.schema is not None:
            return table.schema
        return {Dialect.POSTGRESQL: _DEFAULT_SCHEMA, Dialect.SQLITE: "main"}.get(self._dialect)

    def bare_names(self) -> set[str]:
        """Folded names of tables that are written out without a schema."""
        return {name for name, each in self._by_name.items() if any(self.schema_of(table) is None for table in each)}


def identifier(name: str) -> exp.Identifier:
    """A name, quoted: never a keyword, a function or an expression."""
    return exp.Identifier(this=name, quoted=True)


def column(alias: str, name: str) -> exp.Column:
    """A column that can be of no other table."""
    return exp.Column(this=identifier(name), table=identifier(alias))


def named(value: exp.Expr, name: str) -> exp.Alias:
    """A value under a name."""
    return exp.Alias(this=value, alias=identifier(name))
