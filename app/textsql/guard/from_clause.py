"""FROM and JOIN: which tables a SELECT reads, and under which names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from app.textsql.guard.functions import TABLE_FUNCTIONS
from app.textsql.guard.refusals import Reason, Refused
from app.textsql.guard.sources import Scope, Source, column, fold, identifier
from app.textsql.schema import Dialect

if TYPE_CHECKING:
    from app.textsql.guard.names import Names, Tables

_SIDES = {"", "LEFT", "RIGHT", "FULL"}
_KINDS = {"", "INNER", "OUTER", "CROSS"}


def resolve(names: Names, select: exp.Select, scope: Scope, ctes: Tables) -> None:
    """Adds what a SELECT reads to its scope, from left to right."""
    clause = select.args.get("from_")
    if clause is not None and names.dialect is Dialect.MYSQL and clause.this.name.upper() == "DUAL":
        select.set("from_", None)
    elif clause is not None:
        _source(names, clause.this, scope, ctes)
    for join in select.args.get("joins") or []:
        _join(names, join, scope, ctes)


def _join(names: Names, join: exp.Join, scope: Scope, ctes: Tables) -> None:
    side, kind = ((join.args.get(key) or "").upper() for key in ("side", "kind"))
    if side not in _SIDES or kind not in _KINDS:
        raise Refused(Reason.CONSTRUCT, f"A join of the kind {side} {kind} is not allowed")
    before = list(scope.sources)
    _source(names, join.this, scope, ctes)
    added = [each for each in scope.sources if each not in before]
    if (join.args.get("method") or "").upper() == "NATURAL":
        right = {fold(name) for each in added for name in each.columns}
        shared = [name for each in before for name in each.columns if fold(name) in right]
        if not shared:
            raise Refused(Reason.CONSTRUCT, "A NATURAL JOIN of tables that share no column")
        join.set("method", None)
        join.set("using", [identifier(name) for name in dict.fromkeys(shared)])
    if join.args.get("using"):
        _using(join, scope, before, added, side)
    if join.args.get("on") is not None:
        names.expression(join.args["on"], scope, ctes)


def _using(join: exp.Join, scope: Scope, before: Sequence[Source], added: Sequence[Source], side: str) -> None:
    written = []
    for each in join.args["using"]:
        quoted = isinstance(each, exp.Identifier) and each.quoted
        left = _only(each.name, before, scope, quoted=quoted)
        right = _only(each.name, added, scope, quoted=quoted)
        if fold(left.name) != fold(right.name):
            raise Refused(Reason.UNKNOWN_COLUMN, f"USING names “{each.name}”, which is not on both sides")
        written.append(identifier(left.name))
        merged = scope.merged.get(fold(each.name), left)
        if side == "RIGHT":
            merged = right
        elif side == "FULL":
            scope.budget.spend(merged, right)
            merged = exp.Anonymous(this="COALESCE", expressions=[merged.copy(), right.copy()])
        scope.merged[fold(each.name)] = merged
    join.set("using", written)


def _only(name: str, sources: Sequence[Source], scope: Scope, *, quoted: bool) -> exp.Column:
    found = [column(each.alias, real) for each in sources if (real := each.find(name, exactly=quoted)) is not None]
    if not found or (len(found) > 1 and fold(name) not in scope.merged):
        raise Refused(
            Reason.AMBIGUOUS if found else Reason.UNKNOWN_COLUMN,
            f"USING names “{name}”, which {'several tables have' if found else 'is not on both sides'}",
        )
    return found[0]


def _source(names: Names, node: exp.Expr, scope: Scope, ctes: Tables) -> None:
    if isinstance(node, exp.Lateral):
        _lateral(names, node, scope, ctes)
    elif isinstance(node, exp.Table):
        _table(names, node, scope, ctes)
    elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
        if node.alias:
            raise Refused(Reason.CONSTRUCT, "An alias of a whole join is not allowed")
        _source(names, node.this, scope, ctes)
    elif isinstance(node, exp.Subquery):
        _derived(names, node, scope, ctes, around=scope.outer)
    elif isinstance(node, exp.Values):
        _values(names, node, scope, ctes)
    elif isinstance(node, exp.Unnest):
        _unnest(names, node, scope, ctes)
    else:
        raise Refused(Reason.CONSTRUCT, f"{type(node).__name__} is not allowed in FROM")


def _table(names: Names, node: exp.Table, scope: Scope, ctes: Tables) -> None:
    if not isinstance(node.this, exp.Identifier):
        _function(names, node, node.this, scope, ctes)
        return
    called = node.alias or node.name
    if node.args.get("alias") and node.args["alias"].columns:
        raise Refused(Reason.CONSTRUCT, f"New names for the columns of “{node.name}” are not allowed")
    schema = node.args["db"].name if node.args.get("db") else None
    made = ctes.get(fold(node.name)) if schema is None else None
    if made is not None:
        alias = names.unique(called)
        node.set("this", identifier(made.alias))
        scope.add(Source(alias, made.columns, called))
    else:
        table = names.catalogue.find(node.name, schema)
        alias = names.unique(node.alias or table.name)
        names.used[table.schema, table.name] = table
        real = names.catalogue.schema_of(table)
        node.set("this", identifier(table.name))
        node.set("db", identifier(real) if real else None)
        columns = tuple(each.name for each in table.columns)
        scope.add(Source(alias, columns, called, schema=None if node.alias else real))
    node.set("alias", exp.TableAlias(this=identifier(alias)))
    for join in node.args.get("joins") or []:
        _join(names, join, scope, ctes)


def _derived(
    names: Names,
    node: exp.Subquery,
    scope: Scope,
    ctes: Tables,
    *,
    around: Scope | None,
    holder: exp.Expr | None = None,
) -> None:
    given = (holder or node).args.get("alias")
    called = given.name if given and given.this else "derived"
    labels = [each.name for each in given.columns] if given else []
    outputs = names.query(node.this, around, ctes)
    outputs = names.rename(node.this, labels, outputs) if labels else outputs
    alias = names.unique(called)
    (holder or node).set("alias", exp.TableAlias(this=identifier(alias)))
    scope.add(Source(alias, tuple(outputs), called if given else alias))


def _lateral(names: Names, node: exp.Lateral, scope: Scope, ctes: Tables) -> None:
    if names.dialect is Dialect.SQLITE or node.args.get("view"):
        raise Refused(Reason.CONSTRUCT, f"LATERAL is not allowed in {names.dialect.value}")
    inner = node.this
    if isinstance(inner, exp.Subquery):
        _derived(names, inner, scope, ctes, around=scope, holder=node)
    else:
        _function(names, node, inner, scope, ctes)


def _values(names: Names, node: exp.Values, scope: Scope, ctes: Tables) -> None:
    given = node.args.get("alias")
    called = given.name if given and given.this else "listed"
    labels = [each.name for each in given.columns] if given else []
    query = names.values(node, scope.outer, ctes, labels)
    alias = names.unique(called)
    node.replace(exp.Subquery(this=query, alias=exp.TableAlias(this=identifier(alias))))
    first = query
    while isinstance(first, exp.Union):
        first = first.this
    scope.add(Source(alias, tuple(each.alias for each in first.expressions), called))


def _unnest(names: Names, node: exp.Unnest, scope: Scope, ctes: Tables) -> None:
    if names.dialect is not Dialect.POSTGRESQL:
        raise Refused(Reason.FUNCTION, f"The function unnest is not allowed in {names.dialect.value}")
    for each in node.expressions:
        names.expression(each, scope, ctes)
    ordinal = node.args.get("offset")
    given = node.args.get("alias")
    called = given.name if given and given.this else "unnest"
    labels = [each.name for each in given.columns] if given else []
    if isinstance(ordinal, exp.Expr):  # the parser takes the last name for the numbers
        labels.append(ordinal.name)
    _named(
        names,
        node,
        scope,
        called=called,
        labels=labels,
        columns=() if len(node.expressions) == 1 else None,
        numbered=bool(ordinal),
    )
    if ordinal:
        node.set("offset", True)


def _function(names: Names, node: exp.Expr, call: exp.Expr, scope: Scope, ctes: Tables) -> None:
    if isinstance(call, exp.JSONTable) and names.dialect is Dialect.MYSQL:
        _json_table(names, node, call, scope, ctes)
        return
    if isinstance(call, exp.Unnest):
        call = exp.Anonymous(this="UNNEST", expressions=[each.copy() for each in call.expressions])
        node.set("this", call)
    name = call.name.lower() if isinstance(call, exp.Anonymous) else type(call).__name__.lower()
    known = TABLE_FUNCTIONS[names.dialect]
    if not isinstance(call, exp.Anonymous) or name not in known:
        raise Refused(Reason.FUNCTION, f"The function {name} is not allowed in FROM in {names.dialect.value}")
    for each in list(call.expressions):
        names.expression(each, scope, ctes)
    given = node.args.get("alias")
    called = given.name if given and given.this else name
    defined = given.columns if given else []
    numbered = bool(node.args.get("ordinality"))
    if any(isinstance(each, exp.ColumnDef) for each in defined):
        alias = names.unique(called)
        for each in defined:
            each.this.set("quoted", True)
        node.set("alias", exp.TableAlias(this=identifier(alias), columns=[each.copy() for each in defined]))
        scope.add(Source(alias, tuple(each.name for each in defined), called))
        return
    labels = [each.name for each in defined]
    _named(names, node, scope, called=called, labels=labels, columns=known[name], numbered=numbered)


def _named(
    names: Names,
    node: exp.Expr,
    scope: Scope,
    *,
    called: str,
    labels: Sequence[str],
    columns: tuple[str, ...] | None,
    numbered: bool,
) -> None:
    """Names what a function in FROM returns; columns None: as many as there are labels."""
    own = list(columns or ([called] if columns is not None else labels))
    outputs = [*own, *(["ordinality"] if numbered and columns is not None else [])]
    outputs[: len(labels)] = labels
    alias = names.unique(called)
    if names.dialect is Dialect.SQLITE:
        if labels:
            raise Refused(Reason.CONSTRUCT, "SQLite gives the columns of a function no other names")
        node.set("alias", exp.TableAlias(this=identifier(alias)))
    else:
        node.set("alias", exp.TableAlias(this=identifier(alias), columns=[identifier(each) for each in outputs]))
    single = outputs[0] if len(own) == 1 and columns is not None else None
    scope.add(Source(alias, tuple(outputs), called, value=single))


def _json_table(names: Names, node: exp.Expr, call: exp.JSONTable, scope: Scope, ctes: Tables) -> None:
    names.expression(call.this, scope, ctes)
    columns = []
    for each in call.find_all(exp.JSONColumnDef):
        if isinstance(each.this, exp.Identifier):
            each.this.set("quoted", True)
            columns.append(each.this.name)
    given = node.args.get("alias")
    called = given.name if given and given.this else "json_table"
    alias = names.unique(called)
    node.set("alias", exp.TableAlias(this=identifier(alias)))
    scope.add(Source(alias, tuple(columns), called))
