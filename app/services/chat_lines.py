"""A line of chat models, ready to be asked one after the other, and the record of what each call cost."""

from collections.abc import Callable, Generator
from dataclasses import replace

from app.ai.chat import ChatProvider, ChatRequest, Finished, TextDelta
from app.ai.resilience import CallRecord, Candidate
from app.models.provider_model import ModelType
from app.services import model_choice
from app.services.call_costs import Call
from app.services.model_choice import ChatChoice

_MAX_TOKENS = 1_024


class _Tuned:
    """A model that is asked with the parameters of its own settings."""

    def __init__(self, inner: ChatProvider, choice: ChatChoice) -> None:
        self.provider, self.model = inner.provider, inner.model
        self._inner, self._choice = inner, choice

    def stream(self, request: ChatRequest) -> Generator[TextDelta | Finished]:
        """See `ChatProvider`."""
        own = self._choice
        tuned = replace(request, temperature=own.temperature, max_tokens=own.max_tokens or _MAX_TOKENS, extra=own.extra)
        yield from self._inner.stream(tuned)


def candidate(choice: ChatChoice) -> Candidate:
    """A model to ask, with the parameters of its own settings."""
    made = model_choice.make_candidate(choice)
    return Candidate(_Tuned(made.provider, choice), made.key)


def recorder(line: tuple[ChatChoice, ...], calls: list[Call]) -> Callable[[CallRecord], None]:
    """What notes every attempt in `calls`, with the prices of its model."""

    def record(call: CallRecord) -> None:
        choice = next((each for each in line if each.model == call.model), line[0])
        calls.append(
            Call(call, choice.provider_name, ModelType.CHAT, choice.input_price, choice.output_price, choice.currency)
        )

    return record
