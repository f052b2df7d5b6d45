"""Fields of settings."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma
from marshmallow import fields, validate

from app.blueprints.settings.provider_schemas import MAX_DIMENSION, json_object
from app.http.fields import Url
from app.http.schemas import doc
from app.services.llm_settings import mask

_MAX_PARAMS_BYTES = 4_096
_MAX_URL = 500
_MOST_TOKENS = 200_000
# What we say ourselves in every question, and how the vendors' clients are told to go elsewhere.
_RESERVED = {
    *("model", "messages", "system", "prompt", "input", "stream", "stream_options", "n", "user"),
    *("tools", "tool_choice", "functions", "function_call"),
    *("max_tokens", "max_completion_tokens", "temperature", "dimensions", "encoding_format"),
    *("api_key", "base_url", "timeout", "max_retries", "extra_headers", "extra_query", "extra_body"),
}


class ApiKey(fields.String):
    """A provider's key: visible ASCII, and the ellipsis of a key that was read back."""

    def __init__(self, description: str) -> None:
        rules = [
            validate.Length(1, 500),
            validate.Regexp(r"^[!-~…]+\Z", error="Visible ASCII characters only, without spaces."),
        ]
        super().__init__(allow_none=True, validate=rules, metadata=doc(description, "sk-proj-4f7a9c2e81d05b36"))


class MaskedKey(fields.String):
    """A key as it is read back."""

    def __init__(self, description: str) -> None:
        super().__init__(allow_none=True, dump_only=True, metadata=doc(description, "sk-…5b36"))

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return mask(value)


def web_address(description: str) -> Url:
    """An http or https URL."""
    return Url(
        schemes={"http", "https"},
        require_tld=False,
        allow_none=True,
        validate=[validate.Length(max=_MAX_URL), _no_credentials],
        metadata=doc(description, "https://cdn.acme.example/widget.js"),
    )


def base_url(description: str) -> Url:
    """The address of an API: without credentials, query and fragment, which would get lost or into logs."""
    return Url(
        schemes={"http", "https"},
        require_tld=False,
        allow_none=True,
        validate=[validate.Length(max=_MAX_URL), _no_credentials, _path_only],
        metadata=doc(description, "https://models.acme.example/v1"),
    )


def temperature() -> fields.Float:
    """How much answers vary."""
    return fields.Float(
        allow_none=True,
        validate=validate.Range(0, 2),
        metadata=doc("How much answers vary, 0 to 2; null: up to us.", 0.2),
    )


def max_tokens() -> fields.Integer:
    """How long answers may get."""
    return fields.Integer(
        allow_none=True,
        strict=True,
        validate=validate.Range(1, _MOST_TOKENS),
        metadata=doc("Longest answer, in tokens; null: up to us.", 800),
    )


def dimension(description: str) -> fields.Integer:
    """Length of vectors."""
    return fields.Integer(
        allow_none=True, strict=True, validate=validate.Range(1, MAX_DIMENSION), metadata=doc(description, 1536)
    )


def additional_params(description: str, example: Mapping[str, Any]) -> fields.Dict:
    """Fields that are handed to a model's server as they are."""
    return json_object(description, example, max_bytes=_MAX_PARAMS_BYTES, rules=[_nothing_reserved])


def _no_credentials(url: str) -> None:
    if urlsplit(url).username is not None or urlsplit(url).password is not None:
        raise ma.ValidationError("May not contain a user name or password.")


def _path_only(url: str) -> None:
    if urlsplit(url).query or urlsplit(url).fragment:
        raise ma.ValidationError("May not contain ? or #.")


def _nothing_reserved(value: Mapping[str, Any]) -> None:
    reserved = sorted(_RESERVED & {name.lower() for name in value})
    if reserved:
        raise ma.ValidationError(f"These can't be given here: {', '.join(reserved)}.")
