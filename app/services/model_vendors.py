"""The vendors' own clients. Loading them takes seconds and 100 MB, so this module is imported where one is first
needed, and by workers that answer visitors as they start."""

from app.ai import wire
from app.ai.anthropic_chat import AnthropicChat
from app.ai.openai_chat import OpenAIChat
from app.ai.openai_embedding import OpenAiEmbedder
from app.services import guarded_models

__all__ = ["AnthropicChat", "OpenAIChat", "OpenAiEmbedder"]

# What a company enters as an address is looked up once, checked, and called as it was found.
wire.resolve_by(guarded_models.callable_addresses)
