"""Shapes of providers and their models."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import marshmallow as ma
import orjson
from marshmallow import fields, validate

from app.http.fields import Url, identifier, moment
from app.http.schemas import ResponseSchema, StrictSchema, doc, page_of, text
from app.models.provider import ProviderStatus, ProviderType
from app.models.provider_model import ModelType
from app.services.provider_imports import Mode

MAX_DIMENSION = 4_000  # what Postgres can index, in half precision
_MAX_PRICING_BYTES = 10_240
_MOST_TOKENS = 100_000_000
_HIGHEST_PRICE = 1_000_000
_STEP = Decimal("0.000001")
_MOST_PROVIDERS, _MOST_MODELS = 50, 500
_LARGEST_NUMBER = 999_999_999_999_999  # every language's JSON reads it exactly
_TYPES = [each.value for each in ProviderType]
_PRICING = {"source": "https://developers.openai.com/api/docs/pricing", "as_of": "2026-11-22"}


def json_object(
    description: str, example: Mapping[str, Any], *, max_bytes: int, rules: Sequence[Callable[[Any], Any]] = ()
) -> fields.Dict:
    """An object that is kept as it is, of so many bytes at most."""

    def small(value: Any) -> None:
        _storable(value)
        if len(orjson.dumps(value)) > max_bytes:
            raise ma.ValidationError(f"May have {max_bytes} bytes at most, as JSON.")

    return fields.Dict(
        keys=fields.String(validate=validate.Length(max=100)),
        values=fields.Raw(allow_none=True),
        validate=[small, *rules],
        metadata=doc(f"{description} {max_bytes} bytes at most.", dict(example)),
    )


def _storable(value: Any) -> None:
    """Raises for what would come back from Postgres as something else: jsonb makes 1e308 an integer of 309 digits."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) > _LARGEST_NUMBER:
        raise ma.ValidationError(f"Numbers may have 15 digits at most: {value} is too large.")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _storable(inner)


def _name(**extra: Any) -> fields.String:
    return text("What the company calls it; unique, whatever its case.", "OpenAI", max_length=100, **extra)


def _type(**extra: Any) -> fields.String:
    return fields.String(
        validate=validate.OneOf(_TYPES),
        metadata=doc("The protocol that it speaks.", ProviderType.OPENAI.value),
        **extra,
    )


def _status() -> fields.String:
    return fields.String(
        validate=validate.OneOf([each.value for each in ProviderStatus]),
        metadata=doc("What is inactive can't be chosen any more and isn't asked.", "active"),
    )


def _model_name(**extra: Any) -> fields.String:
    return text("What the company calls it.", "GPT-4.1 mini", max_length=200, **extra)


def _model_type(**extra: Any) -> fields.String:
    return fields.String(
        validate=validate.OneOf([each.value for each in ModelType]), metadata=doc("What it does.", "chat"), **extra
    )


class _Price(fields.Float):
    """An amount of money, exact to the sixth decimal place."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        exact = Decimal(str(super()._deserialize(value, attr, data, **kwargs)))
        # What is far too much can't be rounded; the range refuses it.
        return exact.quantize(_STEP) if abs(exact) <= _HIGHEST_PRICE else exact


def _price(description: str, example: float) -> _Price:
    return _Price(
        allow_none=True,
        validate=validate.Range(0, _HIGHEST_PRICE),
        metadata=doc(f"{description}, per million tokens; null: not known.", example),
    )


class UpdateProviderRequest(StrictSchema):
    """Any subset of a provider's fields."""

    name = _name()
    type = _type()
    description = text("What it is.", "OpenAI's own API.", max_length=2000, allow_none=True)
    api_base_url = Url(
        schemes={"http", "https"},
        require_tld=False,
        allow_none=True,
        validate=[
            validate.Length(max=500),
            validate.Regexp(r"^[^@?#]*\Z", error="May not contain a user name, a password, ? or #."),
        ],
        metadata=doc("Where its API is; null: at the vendor's own address.", "https://models.acme.example/v1"),
    )
    pricing = json_object("What else there is to say about prices.", _PRICING, max_bytes=_MAX_PRICING_BYTES)
    status = _status()


class CreateProviderRequest(UpdateProviderRequest):
    """A new provider."""

    name = _name(required=True)
    type = _type(required=True)


class UpdateModelRequest(StrictSchema):
    """Any subset of a model's fields."""

    name = _model_name()
    provider_model_id = text("What the provider's API calls it; without it, the name.", "gpt-4.1-mini", max_length=200)
    type = _model_type()
    context_window = fields.Integer(
        allow_none=True,
        strict=True,
        validate=validate.Range(1, _MOST_TOKENS),
        metadata=doc("How many tokens it reads at once; null: not known.", 1047576),
    )
    input_price = _price("What it costs to read", 0.4)
    output_price = _price("What it costs to write", 1.6)
    currency = fields.String(
        validate=validate.Regexp(r"^[A-Z]{3}\Z", error="Three capital letters, as in USD (ISO 4217)."),
        metadata=doc("The currency of the prices, ISO 4217.", "USD"),
    )
    embedding_dimension = fields.Integer(
        allow_none=True,
        strict=True,
        validate=validate.Range(1, MAX_DIMENSION),
        metadata=doc("Length of an embedding model's vectors; null: not known, or a chat model.", None),
    )
    status = _status()


class CreateModelRequest(UpdateModelRequest):
    """A new model."""

    name = _model_name(required=True)
    type = _model_type(required=True)


class ImportedProviderRequest(CreateProviderRequest):
    """A provider of an import, with its models."""

    models = fields.List(
        fields.Nested(CreateModelRequest),
        load_default=list,
        validate=validate.Length(max=_MOST_MODELS),
        metadata={"description": "Its models."},
    )


class ImportProvidersRequest(StrictSchema):
    """Providers with their models, of which all are taken or none. Providers are told apart by their names, models by
    `provider_model_id` and type."""

    providers = fields.List(
        fields.Nested(ImportedProviderRequest),
        required=True,
        validate=validate.Length(1, _MOST_PROVIDERS),
        metadata={"description": f"The providers, {_MOST_PROVIDERS} at most, with {_MOST_MODELS} models in all."},
    )
    mode = fields.Enum(
        Mode,
        by_value=True,
        load_default=Mode.SKIP,
        metadata=doc("What happens to those that are there already: `skip` or `update`.", "skip"),
    )

    @ma.validates_schema(skip_on_field_errors=True)
    def _not_too_many(self, body: dict[str, Any], **_: Any) -> None:
        if sum(len(provider["models"]) for provider in body["providers"]) > _MOST_MODELS:
            raise ma.ValidationError({"providers": [f"May have {_MOST_MODELS} models in all."]})


class SeedProvidersRequest(StrictSchema):
    """Which providers are seeded."""

    providers = fields.List(
        fields.String(validate=validate.Length(1, 100)),
        validate=validate.Length(1, _MOST_PROVIDERS),
        metadata=doc("Their names; without it, all that we know.", ["OpenAI", "Built-in"]),
    )


class ModelResponse(ResponseSchema):
    """A model of a provider."""

    id = identifier("The id of the model.")
    provider_id = identifier("Its provider.")
    name = fields.String(metadata=doc("What the company calls it.", "GPT-4.1 mini"))
    provider_model_id = fields.String(metadata=doc("What the provider's API calls it.", "gpt-4.1-mini"))
    type = fields.String(metadata=doc("`chat` or `embedding`.", "chat"))
    context_window = fields.Integer(
        allow_none=True, metadata=doc("How many tokens it reads at once; null: not known.", 1047576)
    )
    input_price = fields.Float(allow_none=True, metadata=doc("Per million tokens read; null: not known.", 0.4))
    output_price = fields.Float(allow_none=True, metadata=doc("Per million tokens written; null: not known.", 1.6))
    currency = fields.String(metadata=doc("The currency of the prices, ISO 4217.", "USD"))
    embedding_dimension = fields.Integer(
        allow_none=True, metadata=doc("Length of its vectors; null: not known, or a chat model.", None)
    )
    status = fields.String(metadata=doc("`active` or `inactive`.", "active"))
    created_at = moment("When it was made.")
    updated_at = moment("When it was last changed.")


class ProviderResponse(ResponseSchema):
    """A provider of models."""

    id = identifier("The id of the provider.")
    name = fields.String(metadata=doc("What the company calls it.", "OpenAI"))
    type = fields.String(metadata=doc(f"The protocol that it speaks: {', '.join(_TYPES)}.", "openai"))
    description = fields.String(allow_none=True, metadata=doc("What it is; null: nobody said.", "OpenAI's own API."))
    api_base_url = fields.String(
        allow_none=True, metadata=doc("Where its API is; null: at the vendor's own address.", None)
    )
    pricing = fields.Dict(metadata=doc("What else there is to say about prices.", _PRICING))
    status = fields.String(metadata=doc("`active` or `inactive`.", "active"))
    created_at = moment("When it was made.")
    updated_at = moment("When it was last changed.")


ProviderPage = page_of(ProviderResponse)
ModelPage = page_of(ModelResponse)
_USES = "How many settings use it."


class UsedModelResponse(ModelResponse):
    """A model, and how much it is used."""

    settings_count = fields.Integer(metadata=doc(_USES, 2))


class UsedProviderResponse(ProviderResponse):
    """A provider with its models, and how much they are used."""

    models = fields.List(fields.Nested(UsedModelResponse), metadata={"description": "Its models, chat models first."})
    settings_count = fields.Integer(metadata=doc(_USES, 2))
    has_key = fields.Boolean(metadata=doc("Whether some settings have a key for it.", True))


UsedProviderPage = page_of(UsedProviderResponse)


class OutcomeCountsResponse(ResponseSchema):
    """Numbers of providers and models."""

    providers = fields.Integer(metadata=doc("Providers.", 1))
    models = fields.Integer(metadata=doc("Models.", 12))


class ImportedModelResponse(ResponseSchema):
    """What became of a model."""

    id = identifier("The id of the model.")
    name = fields.String(metadata=doc("What the company calls it.", "GPT-4.1 mini"))
    provider_model_id = fields.String(metadata=doc("What the provider's API calls it.", "gpt-4.1-mini"))
    type = fields.String(metadata=doc("`chat` or `embedding`.", "chat"))
    outcome = fields.String(metadata=doc("`created`, `updated` or `skipped`.", "created"))


class ImportedProviderResponse(ResponseSchema):
    """What became of a provider and its models, in the order in which they came."""

    id = identifier("The id of the provider.")
    name = fields.String(metadata=doc("What the company calls it.", "OpenAI"))
    outcome = fields.String(metadata=doc("`created`, `updated` or `skipped`.", "created"))
    models = fields.List(fields.Nested(ImportedModelResponse), metadata={"description": "Its models."})


class ImportResponse(ResponseSchema):
    """What an import came to."""

    created = fields.Nested(OutcomeCountsResponse, metadata={"description": "How many are new."})
    updated = fields.Nested(OutcomeCountsResponse, metadata={"description": "How many were changed."})
    skipped = fields.Nested(OutcomeCountsResponse, metadata={"description": "How many stayed as they were."})
    providers = fields.List(
        fields.Nested(ImportedProviderResponse), metadata={"description": "The providers, in the order of the import."}
    )


class SeedResponse(ImportResponse):
    """What seeding came to."""

    as_of = fields.String(metadata=doc("The day on which the seeds' prices were looked up.", "2026-11-22"))
