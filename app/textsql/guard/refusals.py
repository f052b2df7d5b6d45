"""Why a statement is not run."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Stable words for what is wrong with a statement."""

    TOO_LARGE = "too_large"
    NOT_PLAIN_TEXT = "not_plain_text"
    NOT_PARSED = "not_parsed"
    SEVERAL_STATEMENTS = "several_statements"
    NOT_A_QUERY = "not_a_query"
    CONSTRUCT = "construct_not_allowed"
    FUNCTION = "function_not_allowed"
    TYPE = "type_not_allowed"
    UNKNOWN_TABLE = "unknown_table"
    UNKNOWN_COLUMN = "unknown_column"
    AMBIGUOUS = "ambiguous_name"
    WHOLE_ROW = "whole_row"
    TOO_MUCH_WORK = "too_much_work"


class Refused(Exception):
    """A statement that the guard doesn't let through.

    `str()` is a sentence that names what is wrong and where; a model can repair its statement by it, so it names
    nothing that the statement didn't name itself.
    """

    def __init__(self, reason: Reason, what: str, where: str = "") -> None:
        super().__init__(f"{what}{f' ({where})' if where else ''}.")
        self.reason = reason
        self._what, self._where = what, where

    def at(self, where: str) -> Refused:
        """The same, with its place if it has none yet."""
        return self if self._where else Refused(self.reason, self._what, where)
