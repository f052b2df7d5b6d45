"""Gives every name in a statement its one meaning, and writes that meaning down.

Afterwards every column carries the alias of its table, every alias is there once, every table its schema, and `*` is
the list of known columns. So the database can't understand a name otherwise than it was checked: not as a column that
is hidden from questions, not as a whole row, not as a table of the same name in another schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlglot import exp

from app.textsql.guard import columns, endings, from_clause, recursion
from app.textsql.guard.columns import Aliases
from app.textsql.guard.functions import AGGREGATES
from app.textsql.guard.refusals import Reason, Refused
from app.textsql.guard.sources import Budget, Catalogue, Scope, Source, column, fold, identifier, named
from app.textsql.schema import Dialect, Table

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,60}\Z")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_]")
_LONGEST_ALIAS = 40
_MOST_VALUES = 100
Tables = Mapping[str, Source]


class Names:
    """Resolves one statement in place. `used`: the known tables that it reads."""

    def __init__(self, catalogue: Catalogue, dialect: Dialect) -> None:
        self.catalogue = catalogue
        self.dialect = dialect
        self.used: dict[tuple[str | None, str], Table] = {}
        self._taken = catalogue.bare_names()
        self._budget = Budget()

    def unique(self, name: str) -> str:
        """The name, or one like it that the statement has not used yet.

        Plain and short: Postgres forgets what comes after 63 bytes of a name, and MySQL may see one name in `á` and
        `a`, so that two names of the statement's would be one to them, and the nearer table would be read.
        """
        name = _NOT_PLAIN.sub("_", name)[:_LONGEST_ALIAS]
        free, number = name, 1
        while fold(free) in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(fold(free))
        return free

    def query(self, node: exp.Expr, outer: Scope | None, ctes: Tables) -> list[str]:
        """Resolves a query; its output names, in order."""
        ctes = self._with(node, outer, ctes)
        if isinstance(node, exp.Subquery):
            if not isinstance(node.this, exp.Query):
                raise Refused(Reason.CONSTRUCT, "A join in parentheses is no query")
            names = self.query(node.this, outer, ctes)
            endings.order_outputs(node, names)
        elif isinstance(node, exp.SetOperation):
            names = self.query(node.this, outer, ctes)
            right = self.query(node.expression, outer, ctes)
            if len(names) != len(right):
                raise Refused(Reason.CONSTRUCT, f"The parts of a {node.key} have {len(names)} and {len(right)} columns")
            endings.order_outputs(node, names)
        elif isinstance(node, exp.Select):
            names = self._select(node, outer, ctes)
        else:
            raise Refused(Reason.NOT_A_QUERY, f"{type(node).__name__} is no query")
        endings.check_limits(node)
        return names

    def values(self, node: exp.Values, outer: Scope | None, ctes: Tables, names: Sequence[str]) -> exp.Expr:
        """VALUES as SELECTs, which every database names alike."""
        rows = [each.expressions if isinstance(each, exp.Tuple) else [each] for each in node.expressions]
        if len(rows) > _MOST_VALUES or len({len(row) for row in rows}) != 1:
            raise Refused(Reason.CONSTRUCT, f"VALUES takes up to {_MOST_VALUES} rows of the same length")
        labels = [*names, *(f"column{at + 1}" for at in range(len(names), len(rows[0])))]
        query: exp.Expr | None = None
        for row in rows:
            single = exp.Select(expressions=[named(value.copy(), labels[at]) for at, value in enumerate(row)])
            query = single if query is None else exp.Union(this=query, expression=single, distinct=False)
        if query is None:
            raise Refused(Reason.CONSTRUCT, "VALUES without rows")
        self.query(query, outer, ctes)
        return query

    def rename(self, query: exp.Expr, names: Sequence[str], outputs: Sequence[str]) -> list[str]:
        """Gives the first outputs of a resolved query other names."""
        if len(names) > len(outputs):
            raise Refused(Reason.CONSTRUCT, f"{len(names)} names for {len(outputs)} columns")
        first = first_select(query)
        for at, name in enumerate(names):
            value = first.expressions[at]
            inner = value.this if isinstance(value, exp.Alias) else value
            first.expressions[at].replace(named(inner.copy(), name))
        return [*names, *outputs[len(names) :]]

    def expression(self, node: exp.Expr, scope: Scope | None, ctes: Tables, aliases: Aliases | None = None) -> None:
        """Resolves what stands in an expression."""
        if isinstance(node, exp.Query):
            self.query(node, scope, ctes)
        elif isinstance(node, exp.Column):
            columns.resolve(node, scope, aliases)
        elif isinstance(node, exp.Kwarg):
            self.expression(node.expression, scope, ctes, aliases)
        elif isinstance(node, exp.Collate):
            if not _NAME.match(node.expression.name):
                raise Refused(Reason.CONSTRUCT, f"“{node.expression.name[:40]}” is no collation")
            self.expression(node.this, scope, ctes, aliases)
        elif isinstance(node, exp.Values):
            raise Refused(Reason.CONSTRUCT, "VALUES is allowed in FROM and WITH only")
        else:
            if isinstance(aliases, columns.Preferred) and _sums_up(node):
                aliases = dict(aliases)  # what is summed up are columns
            if isinstance(node, exp.Window) and node.args.get("alias"):
                node.set("alias", identifier(fold(node.args["alias"].name)))
            for each in list(node.iter_expressions()):
                self.expression(each, scope, ctes, aliases)

    def _with(self, node: exp.Expr, outer: Scope | None, ctes: Tables) -> Tables:
        clause = node.args.get("with_")
        if clause is None:
            return ctes
        known = dict(ctes)
        for each in clause.expressions:
            self._cte(each, outer, known, recursive=bool(clause.args.get("recursive")))
        return known

    def _cte(self, node: exp.CTE, outer: Scope | None, known: dict[str, Source], *, recursive: bool) -> None:
        called = node.alias
        labels = [each.name for each in node.args["alias"].columns]
        # SQLite's authorizer is told who reads by name alone: a view, or what the statement calls like one.
        name = self.unique(f"cte_{called}" if self.catalogue.knows(called) else called)
        body = node.this
        if isinstance(body, exp.Values):
            body = self.values(body, outer, known, labels)
            node.set("this", body)
            outputs = [*labels, *_names_of(body)[len(labels) :]]
        elif recursive and isinstance(body, exp.Union) and _mentions(body.expression, called):
            recursion.check(body, called, self.dialect)
            outputs = self._recursive(body, outer, known, Source(name, tuple(labels), called))
        else:
            outputs = self.query(body, outer, known)
            outputs = self.rename(body, labels, outputs) if labels else outputs
        node.set("alias", exp.TableAlias(this=identifier(name)))
        known[fold(called)] = Source(name, tuple(outputs), called)

    def _recursive(self, body: exp.Union, outer: Scope | None, known: Tables, itself: Source) -> list[str]:
        inner = self._with(body, outer, known)
        outputs = self.query(body.this, outer, inner)
        outputs = self.rename(body.this, itself.columns, outputs) if itself.columns else outputs
        itself = Source(itself.alias, tuple(outputs), itself.called)
        self.query(body.expression, outer, {**inner, fold(itself.called): itself})
        endings.order_outputs(body, outputs)
        endings.check_limits(body)
        return outputs

    def _select(self, node: exp.Select, outer: Scope | None, ctes: Tables) -> list[str]:
        scope = Scope(self._budget, outer)
        from_clause.resolve(self, node, scope, ctes)
        where = node.args.get("where")
        outputs = self._outputs(node, scope, ctes)
        aliases = self._aliases(node, outputs)
        if where is not None:
            self.expression(where, scope, ctes, aliases)
        self._group(node, scope, ctes, aliases)
        if node.args.get("having") is not None:
            self.expression(node.args["having"], scope, ctes, self._preferred(node, aliases))
        for each in node.args.get("windows") or []:
            self._window_name(each)
            self.expression(each, scope, ctes, aliases)
        distinct = node.args.get("distinct")
        if distinct is not None and distinct.args.get("on") is not None:
            self.expression(distinct.args["on"], scope, ctes, aliases)
        self._order(node, scope, ctes, aliases)
        return outputs

    def _preferred(self, node: exp.Select, aliases: Aliases) -> Aliases:
        """What aliases mean in HAVING: in MySQL more than columns, unless it is grouped by the column."""
        if self.dialect is not Dialect.MYSQL:
            return aliases
        group = node.args.get("group")
        grouped = {fold(each.name) for each in (group.expressions if group else []) if isinstance(each, exp.Column)}
        found = columns.Preferred(aliases)
        found.first = frozenset(aliases) - grouped
        return found

    def _window_name(self, node: exp.Expr) -> None:
        if isinstance(node, exp.Window) and isinstance(node.this, exp.Identifier):
            node.set("this", identifier(fold(node.this.name)))

    def _outputs(self, node: exp.Select, scope: Scope, ctes: Tables) -> list[str]:
        listed: list[exp.Expr] = []
        for each in node.expressions:
            starred = self._starred(each, scope)
            if starred is None:
                label = each.alias if isinstance(each, exp.Alias) else self._label(each)
                value = each.this if isinstance(each, exp.Alias) else each
                whole = named(value.copy(), label)
                self.expression(whole.this, scope, ctes)
                if each is value and isinstance(whole.this, exp.Column):
                    whole.set("alias", identifier(whole.this.name))  # as it is really written
                listed.append(whole)
            else:
                listed.extend(each if isinstance(each, exp.Alias) else named(each, each.name) for each in starred)
        if not listed:
            raise Refused(Reason.CONSTRUCT, "A SELECT without columns")
        node.set("expressions", listed)
        return [each.alias for each in listed]

    def _starred(self, node: exp.Expr, scope: Scope) -> list[exp.Expr] | None:
        if isinstance(node, exp.Star):
            if not scope.sources:
                raise Refused(Reason.WHOLE_ROW, "“*” without a table")
            return scope.columns(scope.sources)
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            source = columns.source_of(node, scope)
            found: list[exp.Expr] = [column(source.alias, name) for name in source.columns]
            self._budget.spend(*found)
            return found
        return None

    def _label(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Column):
            return node.name
        while isinstance(node, exp.Window | exp.Filter | exp.WithinGroup | exp.Cast | exp.Paren):
            node = node.this
        if isinstance(node, exp.Anonymous | exp.Column):
            return node.name if isinstance(node, exp.Column) else node.name.lower()
        return "column" if not isinstance(node, exp.Func) else node.key

    def _aliases(self, node: exp.Select, outputs: Sequence[str]) -> dict[str, tuple[int, exp.Expr]]:
        found: dict[str, tuple[int, exp.Expr]] = {}
        for at, name in enumerate(outputs):
            found.setdefault(fold(name), (at + 1, node.expressions[at].this))
        return found

    def _group(self, node: exp.Select, scope: Scope, ctes: Tables, aliases: Aliases) -> None:
        group = node.args.get("group")
        if group is None:
            return
        for each in list(group.expressions):
            if isinstance(each, exp.Column) and not each.table and columns.search(each, scope, only_here=True) is None:
                found = aliases.get(fold(each.name))
                if found:
                    each.replace(exp.Literal.number(found[0]))
                    continue
            self.expression(each, scope, ctes, aliases)
        for key in ("grouping_sets", "cube", "rollup"):
            for each in group.args.get(key) or []:
                if isinstance(each, exp.Expr):
                    self.expression(each, scope, ctes, aliases)

    def _order(self, node: exp.Select, scope: Scope, ctes: Tables, aliases: Aliases) -> None:
        order = node.args.get("order")
        for each in order.expressions if order else []:
            inner = each.this
            if isinstance(inner, exp.Column) and not inner.table and fold(inner.name) in aliases:
                inner.replace(exp.Literal.number(aliases[fold(inner.name)][0]))
            else:
                self.expression(inner, scope, ctes, aliases)


def _sums_up(node: exp.Expr) -> bool:
    return isinstance(node, exp.GroupConcat) or (isinstance(node, exp.Anonymous) and node.name.lower() in AGGREGATES)


def _mentions(node: exp.Expr, name: str) -> bool:
    return any(fold(each.name) == fold(name) and not each.db for each in node.find_all(exp.Table))


def first_select(query: exp.Expr) -> exp.Expr:
    """The SELECT that names what a whole query returns."""
    while isinstance(query, exp.SetOperation | exp.Subquery):
        query = query.this
    return query


def _names_of(query: exp.Expr) -> list[str]:
    return [each.alias for each in first_select(query).expressions]
