"""Base schemas: strict bodies, documented fields, and the two shapes that every list and every error has."""

import unicodedata
from collections.abc import Callable
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

PER_PAGE_DEFAULT, PER_PAGE_MAX, PAGE_MAX = 20, 100, 100_000
# Unicode's categories of spaces, controls and formatting marks.
_UNSEEN = {"Zs", "Zl", "Zp", "Cc", "Cf"}


class StrictSchema(ma.Schema):
    """A request: an unknown field is an error, never ignored."""

    class Meta:
        unknown = ma.RAISE


class ResponseSchema(ma.Schema):
    """A response, written from an object or a mapping."""


def text(description: str, example: str, *, max_length: int = 200, min_length: int = 1, **extra: Any) -> fields.String:
    """A line of text with its limits and documentation."""
    rules: list[Callable[[Any], Any]] = [validate.Length(min=min_length, max=max_length), _no_control_characters]
    if min_length:
        rules.append(seen)
    return fields.String(validate=rules, metadata={"description": description, "example": example}, **extra)


def doc(description: str, example: Any) -> dict[str, Any]:
    """The documentation of a field."""
    return {"description": description, "example": example}


def seen(value: str) -> None:
    """A rule: spaces and marks of no width alone are as good as nothing, yet would pass for a name or a question."""
    if value and all(unicodedata.category(each) in _UNSEEN for each in value):
        raise ma.ValidationError("Write something that can be seen.")


def _no_control_characters(value: str) -> None:
    if "\x00" in value:
        raise ma.ValidationError("May not contain the character U+0000.")


class PageQuery(ma.Schema):
    """`page` and `per_page` of a list."""

    class Meta:
        unknown = ma.EXCLUDE

    page = fields.Integer(load_default=1, validate=validate.Range(1, PAGE_MAX), metadata=doc("Which page, from 1.", 1))
    per_page = fields.Integer(
        load_default=PER_PAGE_DEFAULT,
        validate=validate.Range(1, PER_PAGE_MAX),
        metadata=doc(f"Items on a page, {PER_PAGE_MAX} at most.", PER_PAGE_DEFAULT),
    )


class PaginationResponse(ResponseSchema):
    """Where a page stands in its list."""

    page = fields.Integer(metadata=doc("This page, from 1.", 1))
    per_page = fields.Integer(metadata=doc("Items on a page.", 20))
    total = fields.Integer(metadata=doc("Items in the whole list.", 41))
    pages = fields.Integer(metadata=doc("Pages in the whole list.", 3))


class ProblemResponse(ResponseSchema):
    """An error as RFC 9457 has it."""

    type = fields.String(
        required=True,
        metadata=doc("A page about this kind of error.", "https://frontdesk.example/docs/errors#conflict"),
    )
    title = fields.String(required=True, metadata=doc("The kind of error.", "Conflict"))
    status = fields.Integer(required=True, metadata=doc("The HTTP status.", 409))
    detail = fields.String(
        required=True, metadata=doc("One sentence that a person can act on.", "This e-mail is already in use.")
    )
    code = fields.String(required=True, metadata=doc("A stable word for programs.", "conflict"))
    request_id = fields.String(
        allow_none=True, metadata=doc("Quote it when you ask for help.", "0198c0de-0000-7000-8000-000000000001")
    )
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(),
        metadata=doc("Messages by field.", {"email": ["Not a valid email address."]}),
    )


def page_of(item: type[ma.Schema]) -> type[ma.Schema]:
    """The schema of a list: `{"items": [...], "pagination": {...}}`."""
    name = item.__name__.removesuffix("Response") + "Page"
    return ResponseSchema.from_dict(
        {
            "items": fields.List(fields.Nested(item), metadata={"description": "The items of this page."}),
            "pagination": fields.Nested(PaginationResponse, metadata={"description": "Where this page stands."}),
        },
        name=name,
    )
