"""The parts of a statement that are let through, and of each part the clauses. Everything else is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from app.textsql.guard import calls
from app.textsql.guard.dialects import Arrow, DoubleArrow
from app.textsql.guard.functions import LONGEST_PADDED
from app.textsql.guard.refusals import Reason, Refused
from app.textsql.schema import Dialect

_OPERATORS: tuple[type[exp.Expr], ...] = (
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.IntDiv,
    exp.Mod,
    exp.Pow,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.And,
    exp.Or,
    exp.Xor,
    exp.Like,
    exp.ILike,
    exp.SimilarTo,
    exp.RegexpLike,
    exp.RegexpILike,
    exp.Glob,
    exp.Escape,
    exp.Is,
    exp.BitwiseAnd,
    exp.BitwiseOr,
    exp.BitwiseXor,
    exp.BitwiseLeftShift,
    exp.BitwiseRightShift,
    exp.DPipe,
    exp.Collate,
    exp.Overlaps,
    exp.ArrayContainsAll,
    exp.ArrayContainedBy,
    exp.ArrayOverlaps,
    exp.JSONBExtract,
    exp.JSONBExtractScalar,
    exp.JSONBContainsTopKey,
    exp.JSONBContainsAnyTopKeys,
    exp.JSONBContainsAllTopKeys,
    Arrow,
    DoubleArrow,
)
_UNARY: tuple[type[exp.Expr], ...] = (
    exp.Not,
    exp.Neg,
    exp.BitwiseNot,
    exp.Paren,
    exp.Sqrt,
    exp.Cbrt,
    exp.Where,
    exp.Having,
    exp.From,
    exp.Any,
    exp.All,
    exp.Exists,
    exp.IgnoreNulls,
    exp.RespectNulls,
    exp.Var,
    exp.RawString,
    exp.ByteString,
    exp.Boolean,
    exp.CurrentDate,
    exp.CurrentTime,
    exp.CurrentTimestamp,
    exp.Localtime,
    exp.Localtimestamp,
)
_LISTS: tuple[type[exp.Expr], ...] = (exp.Tuple, exp.Cube, exp.Rollup, exp.GroupingSets, exp.JSONSchema)
_QUERY = frozenset({"with_", "order", "limit", "offset"})
ALLOWED: Mapping[type[exp.Expr], frozenset[str]] = {
    **dict.fromkeys(_OPERATORS, frozenset({"this", "expression", "negate", "typed", "safe"})),
    **dict.fromkeys(_UNARY, frozenset({"this"})),
    **dict.fromkeys(_LISTS, frozenset({"expressions"})),
    exp.Select: _QUERY | {"expressions", "distinct", "from_", "joins", "where", "group", "having", "windows"},
    exp.Union: _QUERY | {"this", "expression", "distinct"},
    exp.Intersect: _QUERY | {"this", "expression", "distinct"},
    exp.Except: _QUERY | {"this", "expression", "distinct"},
    exp.Subquery: _QUERY | {"this", "alias"},
    exp.With: frozenset({"expressions", "recursive"}),
    exp.CTE: frozenset({"this", "alias", "materialized"}),
    exp.Table: frozenset({"this", "alias", "db", "joins", "ordinality"}),
    exp.TableAlias: frozenset({"this", "columns"}),
    exp.Join: frozenset({"this", "on", "side", "kind", "using", "method"}),
    exp.Lateral: frozenset({"this", "alias", "ordinality", "view", "outer"}),
    exp.Unnest: frozenset({"expressions", "alias", "offset"}),
    exp.Values: frozenset({"expressions", "alias"}),
    exp.Group: frozenset({"expressions", "grouping_sets", "cube", "rollup"}),
    exp.Order: frozenset({"this", "expressions"}),
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.Limit: frozenset({"expression"}),
    exp.Offset: frozenset({"expression"}),
    exp.Fetch: frozenset({"direction", "count", "limit_options"}),
    exp.LimitOptions: frozenset({"rows", "with_ties"}),
    exp.Distinct: frozenset({"expressions", "on"}),
    exp.Window: frozenset({"this", "partition_by", "order", "spec", "alias", "over"}),
    exp.WindowSpec: frozenset({"kind", "start", "start_side", "end", "end_side", "exclude"}),
    exp.Filter: frozenset({"this", "expression"}),
    exp.WithinGroup: frozenset({"this", "expression"}),
    exp.Star: frozenset(),
    exp.Null: frozenset(),
    exp.Column: frozenset({"this", "table", "db"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Alias: frozenset({"this", "alias"}),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.DataType: frozenset({"this", "expressions", "nested", "kind"}),
    exp.DataTypeParam: frozenset({"this"}),
    exp.Interval: frozenset({"this", "unit"}),
    exp.IntervalSpan: frozenset({"this", "expression"}),
    exp.In: frozenset({"this", "expressions", "query"}),
    exp.Between: frozenset({"this", "low", "high", "symmetric"}),
    exp.Case: frozenset({"this", "ifs", "default"}),
    exp.If: frozenset({"this", "true", "false"}),
    exp.AtTimeZone: frozenset({"this", "zone"}),
    exp.Array: frozenset({"expressions", "bracket_notation"}),
    exp.Bracket: frozenset({"this", "expressions", "offset"}),
    exp.Slice: frozenset({"this", "expression"}),
    exp.Kwarg: frozenset({"this", "expression"}),
    exp.Extract: frozenset({"this", "expression"}),
    exp.Trim: frozenset({"this", "expression", "position"}),
    exp.Substring: frozenset({"this", "start", "length"}),
    exp.Overlay: frozenset({"this", "expression", "from_", "for_"}),
    exp.StrPosition: frozenset({"this", "substr"}),
    exp.Concat: frozenset({"expressions", "safe", "coalesce"}),
    exp.CharacterSet: frozenset({"this"}),
    exp.GroupConcat: frozenset({"this", "separator"}),
    exp.JSONTable: frozenset({"this", "schema", "path"}),
    exp.JSONColumnDef: frozenset({"this", "kind", "path", "nested_schema", "ordinality"}),
    exp.ColumnDef: frozenset({"this", "kind"}),
    exp.MatchAgainst: frozenset({"this", "expressions", "modifier"}),
    exp.Anonymous: frozenset({"this", "expressions"}),
}

_NAMES_OF_TYPES = """
    ARRAY BIGINT BIGDECIMAL BINARY BIT BOOLEAN CHAR DATE DATETIME DECIMAL DOUBLE FLOAT INET INT INTERVAL BLOB JSON JSONB
    NCHAR NUMRANGE DATERANGE TSRANGE TSTZRANGE INT4RANGE INT8RANGE MEDIUMINT MONEY NVARCHAR SMALLINT TEXT TIME TIMETZ
    TIMESTAMP TIMESTAMPTZ TIMESTAMPNTZ TIMESTAMPLTZ TINYINT UBIGINT UINT UUID VARBINARY VARCHAR YEAR
"""
_TYPES = {exp.DType[name] for name in _NAMES_OF_TYPES.split()}
_KEYWORDS = re.compile(r"[A-Za-z_ ]{0,60}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]{0,40}\Z")
_NAMED = {
    exp.Command: "A statement that is no query",
    exp.Lock: "Locking rows (FOR UPDATE, FOR SHARE)",
    exp.Into: "Writing a result into a table or file (INTO)",
    exp.Parameter: "A parameter or user variable",
    exp.SessionParameter: "A session variable (@@)",
    exp.Placeholder: "A placeholder",
    exp.PropertyEQ: "An assignment",
    exp.Dot: "A call or field by a qualified name",
    exp.Introducer: "A character set introducer",
    exp.National: "A national string (N'…')",
    exp.HexString: "A hexadecimal literal",
    exp.BitString: "A bit literal",
    exp.UnicodeString: "A string with Unicode escapes (U&'…')",
    exp.CurrentUser: "The function CURRENT_USER",
    exp.SessionUser: "The function SESSION_USER",
    exp.CurrentSchema: "The function CURRENT_SCHEMA",
    exp.CurrentCatalog: "The function CURRENT_CATALOG",
    exp.CurrentRole: "The function CURRENT_ROLE",
    exp.ObjectIdentifier: "A cast to a name of the system catalogue",
    exp.PseudoType: "A pseudo type",
    exp.TableSample: "TABLESAMPLE",
    exp.Operator: "An operator by its qualified name",
    exp.Hint: "An optimizer hint",
}


def check(root: exp.Expr, dialect: Dialect) -> None:
    """Raises `Refused` for the first part that is not allowed."""
    for node in root.walk():
        try:
            _check_node(node, dialect)
        except Refused as refused:
            raise refused.at(_where(node)) from None


def _check_node(node: exp.Expr, dialect: Dialect) -> None:
    allowed = ALLOWED.get(type(node))
    if allowed is None:
        raise _unknown(node)
    for key, value in node.args.items():
        if value is None or value == [] or (value is False and key != "indexed"):
            continue
        if key not in allowed:
            raise _unknown_clause(node, key, value)
        if isinstance(value, str) and not isinstance(node, exp.Literal | exp.Identifier | exp.Var | exp.Anonymous):
            _check_keyword(node, value)
    _check_kind(node, dialect)


def _where(node: exp.Expr) -> str:
    """The place of the first part that knows its own, of what lies in the node or else around it."""
    around: exp.Expr | None = node
    while around is not None:
        for each in around.walk():
            if "line" in each.meta and "col" in each.meta:
                width = each.meta["end"] - each.meta["start"]
                return f"line {each.meta['line']}, column {max(1, each.meta['col'] - width)}"
        around = around.parent
    return ""


def _check_keyword(node: exp.Expr, value: str) -> None:
    if isinstance(node, exp.RawString | exp.ByteString):
        return
    if not _KEYWORDS.match(value):
        raise Refused(Reason.CONSTRUCT, f"{type(node).__name__} with “{value[:40]}” is not allowed")


def _check_kind(node: exp.Expr, dialect: Dialect) -> None:
    if isinstance(node, exp.Anonymous):
        calls.check(node, dialect)
    elif isinstance(node, exp.DataType):
        _check_type(node)
    elif isinstance(node, exp.Var) and not _VARIABLE.match(str(node.this)):
        raise Refused(Reason.CONSTRUCT, f"“{str(node.this)[:40]}” is not allowed")
    elif isinstance(node, exp.Star) and not _is_counted(node):
        _check_star(node)
    elif isinstance(node, exp.RegexpLike) and dialect is Dialect.SQLITE:
        raise Refused(Reason.FUNCTION, "REGEXP is not allowed in sqlite, which has no such function of its own")
    elif isinstance(node, exp.JSONTable) and not isinstance(node.parent, exp.Table | exp.Lateral):
        raise Refused(Reason.FUNCTION, "The function json_table is allowed in FROM only")
    elif isinstance(node, exp.Join) and (node.args.get("method") or "").upper() not in {"", "NATURAL"}:
        raise Refused(Reason.CONSTRUCT, f"A join of the kind {node.args['method']} is not allowed")
    elif isinstance(node, exp.Collate) and not isinstance(node.expression, exp.Identifier | exp.Var | exp.Column):
        raise Refused(Reason.CONSTRUCT, "COLLATE takes the name of a collation")


def _is_counted(node: exp.Star) -> bool:
    parent = node.parent
    return isinstance(parent, exp.Anonymous) and parent.name.lower() == "count" and len(parent.expressions) == 1


def _check_star(node: exp.Star) -> None:
    parent = node.parent
    whole = parent if isinstance(parent, exp.Column) else node
    if not (isinstance(whole.parent, exp.Select) and whole.arg_key == "expressions"):
        raise Refused(Reason.WHOLE_ROW, f"“{whole.sql()}” stands for whole rows outside of a list of columns")


def _check_type(node: exp.DataType) -> None:
    kind = node.this
    if isinstance(kind, exp.Interval):
        return
    named = node.args.get("kind")
    if isinstance(named, exp.Var) and kind is exp.DType.CHARACTER_SET:
        return
    if kind not in _TYPES or named is not None:
        name = kind.value if isinstance(kind, exp.DType) else str(kind)
        raise Refused(Reason.TYPE, f"The type {name.lower()} is not allowed")
    for each in node.expressions:
        nested = isinstance(each, exp.DataType) and kind is exp.DType.ARRAY
        if not nested and not (isinstance(each, exp.DataTypeParam) and isinstance(each.this, exp.Literal)):
            raise Refused(Reason.TYPE, f"The type {node.sql()[:60]} is not allowed")
        if not nested and (not each.name.isdecimal() or int(each.name) > LONGEST_PADDED):
            raise Refused(Reason.TOO_MUCH_WORK, f"The type {node.sql()[:60]} is longer than {LONGEST_PADDED:,}")


def _unknown(node: exp.Expr) -> Refused:
    for kind, name in _NAMED.items():
        if isinstance(node, kind):
            return Refused(Reason.CONSTRUCT, f"{name} is not allowed")
    name = type(node).__name__
    if isinstance(node, exp.Func):
        return Refused(Reason.FUNCTION, f"The function {name} is not allowed")
    return Refused(Reason.CONSTRUCT, f"The construct {name} is not allowed")


def _unknown_clause(node: exp.Expr, key: str, value: object) -> Refused:
    inner = next((each for each in value if isinstance(each, exp.Expr)), None) if isinstance(value, list) else None
    found = value if isinstance(value, exp.Expr) else inner
    if found is not None and type(found) not in ALLOWED:
        return _unknown(found)
    clause = key.strip("_").replace("_", " ")
    return Refused(Reason.CONSTRUCT, f"The clause “{clause}” of {type(node).__name__} is not allowed")
