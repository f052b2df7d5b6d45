"""Shapes of the settings routes."""

from typing import Any

from marshmallow import fields

from app.blueprints.settings.setting_fields import (
    ApiKey,
    MaskedKey,
    additional_params,
    base_url,
    dimension,
    max_tokens,
    temperature,
    web_address,
)
from app.http.fields import identifier, moment
from app.http.schemas import ResponseSchema, StrictSchema, doc, page_of
from app.http.widget_config import EXAMPLE, widget_config_field

_DEFAULT = "Whether these serve where no others are named: for the agent or, without one, the company. There is one."


def _llm_provider(**extra: Any) -> fields.UUID:
    return identifier("The provider that answers.", **extra)


def _llm_model(**extra: Any) -> fields.UUID:
    return identifier("Its chat model.", **extra)


def _embedding_provider(**extra: Any) -> fields.UUID:
    return identifier("The provider that embeds texts.", **extra)


def _embedding_model(**extra: Any) -> fields.UUID:
    return identifier("Its embedding model.", **extra)


class TrySettingsRequest(StrictSchema):
    """What is tried instead of what is stored; nothing of it is kept."""

    llm_provider_id = _llm_provider()
    llm_model_id = _llm_model()
    llm_api_key = ApiKey("The key of the chat model's provider; null: none. It is read back masked.")
    llm_api_base_url = base_url("Where the chat model is, if not where its provider is; null: there.")
    llm_temperature = temperature()
    llm_max_tokens = max_tokens()
    llm_additional_params = additional_params("Further fields of every question to the chat model.", {"top_p": 0.9})
    embedding_provider_id = _embedding_provider()
    embedding_model_id = _embedding_model()
    embedding_api_key = ApiKey("The key of the embedding model's provider; null: none. It is read back masked.")
    embedding_api_base_url = base_url("Where the embedding model is, if not where its provider is; null: there.")
    embedding_dimension = dimension("Length of the vectors; null: the model's own.")
    embedding_additional_params = additional_params("Kept for providers that need them.", {"input_type": "passage"})


class UpdateSettingsRequest(TrySettingsRequest):
    """Any subset of the fields of settings."""

    agent_id = identifier("The agent that these are for; null: the whole company.", allow_none=True)
    fallback_settings_id = identifier(
        "Other settings whose chat model is asked when this one's doesn't answer; three in a row at most.",
        allow_none=True,
    )
    widget_script_url = web_address("Where the widget's script is served, if not by this installation.")
    widget_config = widget_config_field("How the widget looks and what it says; replaces what was there.")
    is_default = fields.Boolean(metadata=doc(_DEFAULT, True))


class CreateSettingsRequest(UpdateSettingsRequest):
    """New settings."""

    llm_provider_id = _llm_provider(required=True)
    llm_model_id = _llm_model(required=True)
    embedding_provider_id = _embedding_provider(required=True)
    embedding_model_id = _embedding_model(required=True)


class SettingsResponse(ResponseSchema):
    """Settings, their keys masked."""

    id = identifier("The id of the settings.")
    agent_id = identifier("The agent that they are for; null: the whole company.", allow_none=True)
    llm_provider_id = _llm_provider()
    llm_model_id = _llm_model()
    llm_api_key = MaskedKey("The key of the chat model's provider, masked; null: none.")
    llm_api_base_url = fields.String(
        allow_none=True, metadata=doc("Where the chat model is; null: where its provider is.", None)
    )
    llm_temperature = fields.Float(allow_none=True, metadata=doc("How much answers vary; null: up to us.", 0.2))
    llm_max_tokens = fields.Integer(allow_none=True, metadata=doc("Longest answer, in tokens; null: up to us.", 800))
    llm_additional_params = fields.Dict(metadata=doc("Further fields of every question.", {"top_p": 0.9}))
    embedding_provider_id = _embedding_provider()
    embedding_model_id = _embedding_model()
    embedding_api_key = MaskedKey("The key of the embedding model's provider, masked; null: none.")
    embedding_api_base_url = fields.String(
        allow_none=True, metadata=doc("Where the embedding model is; null: where its provider is.", None)
    )
    embedding_dimension = fields.Integer(
        allow_none=True, metadata=doc("Length of the vectors; null: the model's own.", 1536)
    )
    embedding_additional_params = fields.Dict(metadata=doc("Kept for providers that need them.", {}))
    fallback_settings_id = identifier("The settings asked next; null: none.", allow_none=True)
    widget_script_url = fields.String(allow_none=True, metadata=doc("Where the widget's script is served.", None))
    widget_config = fields.Dict(metadata=doc("How the widget looks.", dict(EXAMPLE)))
    is_default = fields.Boolean(metadata=doc(_DEFAULT, True))
    created_at = moment("When they were made.")
    updated_at = moment("When they were last changed.")


SettingsPage = page_of(SettingsResponse)


class TriedModelResponse(ResponseSchema):
    """How one model did."""

    ok = fields.Boolean(metadata=doc("Whether it did what was asked.", True))
    model = fields.String(metadata=doc("The model, as its server calls it.", "gpt-4.1-mini-2025-04-14"))
    latency_ms = fields.Integer(metadata=doc("How long the call took, in milliseconds.", 640))
    first_token_ms = fields.Integer(
        allow_none=True, metadata=doc("How long until the answer began, in milliseconds; null for embeddings.", 310)
    )
    dimension = fields.Integer(allow_none=True, metadata=doc("Length of the vector; null for chats.", 1536))
    error_code = fields.String(
        allow_none=True, metadata=doc("What kind of failure it was; null: none.", "credentials_refused")
    )
    error = fields.String(allow_none=True, metadata=doc("What went wrong, in a sentence; null: nothing.", None))


class TriedSettingsResponse(ResponseSchema):
    """How settings did. It is 200 as well when a model failed: `ok` says so."""

    settings_id = identifier("The settings.")
    ok = fields.Boolean(metadata=doc("Whether both models did what was asked.", True))
    chat = fields.Nested(TriedModelResponse, metadata={"description": "The chat model."})
    embedding = fields.Nested(TriedModelResponse, metadata={"description": "The embedding model."})
