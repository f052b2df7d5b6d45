"""The vendors' own clients. Each is loaded when it is first needed: they take half a second of CPU and 50 MB apiece,
and most processes call none. Workers that answer visitors load them ahead of time (`model_choice.warm_up`)."""

from collections.abc import Callable

from app.ai import network
from app.ai.chat import ChatProvider
from app.ai.embedding import Embedder
from app.models.provider import ProviderType
from app.services import guarded_models

# What a company enters as an address is looked up once, checked, and called as it was found.
network.resolve_by(guarded_models.callable_addresses)


def chat(kind: ProviderType) -> Callable[..., ChatProvider]:
    """The client that speaks the protocol of a type of provider."""
    if kind is ProviderType.ANTHROPIC:
        from app.ai.anthropic_chat import AnthropicChat  # noqa: PLC0415 - see above

        return AnthropicChat
    from app.ai.openai_chat import OpenAIChat  # noqa: PLC0415 - see above

    return OpenAIChat


def embedder() -> Callable[..., Embedder]:
    """The client of embedding models that are called by OpenAI's protocol."""
    from app.ai.openai_embedding import OpenAiEmbedder  # noqa: PLC0415 - see above

    return OpenAiEmbedder
