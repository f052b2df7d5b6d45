"""What is looked at before a statement is parsed: its size, its characters, its nesting. Cheap, so that a bomb costs
nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from sqlglot.dialects.dialect import Dialect as Sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from app.textsql.guard.refusals import Reason, Refused
from app.textsql.schema import Dialect

MOST_CHARACTERS = 10_000
MOST_TOKENS = 4_000
LONGEST_LITERAL = 2_000
DEEPEST = 60
# Postgres' arrays have no more dimensions, and parsing takes twice as long with each.
DEEPEST_BRACKETS = 6
# Of what is written, where every name is there in full and `*` is a list.
MOST_WRITTEN = 30_000
MOST_UNARY = 20
_LONGEST_NUMBER = 60

# Control characters, half characters and characters that turn the direction of text or are not seen: what a person
# reads must be what is run.
_UNREADABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_EXECUTED_COMMENT = re.compile(r"/\*(?:M?!|\+)", re.IGNORECASE)
# 1_000 and 1e3-1 are one number to one reader, and a number and something else to another.
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
_OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}
_BRACES = {TokenType.L_BRACE, TokenType.R_BRACE}
_PREFIXES = {TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE, TokenType.RLIKE}


def refuse_unreadable(sql: str) -> None:
    """Raises `Refused` for text that is too long, or holds characters that no query needs."""
    if len(sql) > MOST_CHARACTERS:
        raise Refused(Reason.TOO_LARGE, f"The statement has {len(sql):,} characters; {MOST_CHARACTERS:,} are allowed")
    found = _UNREADABLE.search(sql)
    if found:
        raise Refused(
            Reason.NOT_PLAIN_TEXT,
            f"The statement holds the invisible or control character U+{ord(found[0]):04X}",
            place(sql, found.start()),
        )
    found = _EXECUTED_COMMENT.search(sql)
    if found:
        raise Refused(
            Reason.CONSTRUCT, "A comment that the database executes, or takes orders from", place(sql, found.start())
        )


def tokens_of(sql: str, dialect: Sqlglot, kind: Dialect, most: int = MOST_TOKENS) -> Sequence[Token]:
    """The tokens of a statement. Raises `Refused` where they are too many, too long or too deep."""
    try:
        tokens = dialect.tokenize(sql)
    except SqlglotError:
        raise Refused(Reason.NOT_PARSED, f"The text is not {kind} SQL: a quote or a comment is not closed") from None
    if len(tokens) > most:
        raise Refused(Reason.TOO_LARGE, f"The statement has {len(tokens):,} parts; {most:,} are allowed")
    depth = deepest = prefixes = cases = brackets = 0
    for token in tokens:
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        cases += (token.token_type is TokenType.CASE) - (token.token_type is TokenType.END)
        brackets += (token.token_type is TokenType.L_BRACKET) - (token.token_type is TokenType.R_BRACKET)
        prefixes = prefixes + 1 if token.token_type in _PREFIXES else 0
        deepest = max(deepest, depth + max(cases, 0))
        longest = _LONGEST_NUMBER if token.token_type is TokenType.NUMBER else LONGEST_LITERAL
        if len(token.text) > longest:
            raise Refused(
                Reason.TOO_LARGE, f"A literal or name of {len(token.text):,} characters", place(sql, token.start)
            )
        after = sql[token.end + 1 : token.end + 2]
        if token.token_type is TokenType.NUMBER and (not _NUMBER.match(token.text) or after.isalnum() or after == "_"):
            raise Refused(
                Reason.NOT_PARSED, f"The number {token.text[:20]} runs into what follows it", place(sql, token.start)
            )
        if token.token_type in _BRACES:
            raise Refused(Reason.CONSTRUCT, "Braces are not allowed", place(sql, token.start))
        if deepest > DEEPEST or prefixes > MOST_UNARY or brackets > DEEPEST_BRACKETS:
            raise Refused(Reason.TOO_LARGE, "The statement is nested too deeply", place(sql, token.start))
    return tokens


def place(sql: str, position: int) -> str:
    """`line 2, column 7` of a position, both from 1."""
    before = sql[:position]
    return f"line {before.count(chr(10)) + 1}, column {position - before.rfind(chr(10))}"


# Keywords and types that stand before a parenthesis without being a function.
_WORDS = """
    all and any as array between by case char check columns cast cube decimal distinct double else except exists
    exclude extract filter float from having in int integer interval intersect is join lateral like ilike limit
    materialized not null nvarchar nchar numeric offset on or order over partition position real recursive repeatable
    rollup row rows select sets similar some substring symmetric table text then time timestamp timestamptz timetz to
    trim union unnest using values varbinary varchar binary when where with within signed unsigned xor regexp rlike glob
    escape group convert match against json_table datetime year bit div mod collate overlay placing grouping ordinality
    nested path separator coalesce json fetch first next only asc desc overlaps
"""
_NO_CALLS = frozenset(_WORDS.split())


def refuse_calls(written: str, dialect: Sqlglot, allowed: frozenset[str]) -> None:
    """A second look, at the bare text that is to be sent: whatever stands before a parenthesis has to be allowed."""
    tokens = dialect.tokenize(written)
    for token, after in itertools.pairwise(tokens):
        if after.token_type is not TokenType.L_PAREN or not re.match(r"[A-Za-z_]", token.text):
            continue
        if written[token.start] in "\"'`" or written[token.start : token.start + 1] == "[":
            continue
        name = token.text.lower().split()[-1]
        if name not in allowed and name not in _NO_CALLS:
            raise Refused(Reason.FUNCTION, f"The function {name} is not allowed", place(written, token.start))
