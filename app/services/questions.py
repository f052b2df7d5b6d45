"""A question on its way to its answer: what the services that answer it hand to each other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.ai.chat import ChatMessage
from app.models.turn import TurnOutcome
from app.services.call_costs import Call
from app.services.model_choice import Choice


@dataclass(frozen=True, kw_only=True)
class Question:
    """A visitor's question and all that answering it needs; loaded in one transaction, answered outside of any."""

    company_id: UUID
    agent_id: UUID
    text: str
    agent_name: str
    instructions: str | None
    personality: tuple[str, ...]
    languages: tuple[str, ...]
    document_languages: tuple[str, ...]
    # The space that the documents' vectors are searched in; None: there are no documents yet.
    space: str | None
    choice: Choice
    # Whether there are tables of databases that visitors may be answered from.
    has_data: bool = False
    history: tuple[ChatMessage, ...] = ()
    # time.monotonic() at which the visitor has waited long enough.
    deadline: float

    @property
    def before(self) -> str | None:
        """What the visitor said last before this."""
        return next((each.content for each in reversed(self.history) if each.role == "user"), None)


@dataclass(frozen=True)
class Listener:
    """Who hears the answer as it is composed. `on_restart`: everything so far is void; `on_wait`: another server
    is asked now, which takes its time. `calls` fills with every call to a model, also when no answer comes of them."""

    on_text: Callable[[str], None]
    on_restart: Callable[[], None]
    on_wait: Callable[[], None] = lambda: None
    calls: list[Call] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Composed:
    """An answer. `citations` are plain JSON; `confidence` is how sure the documents are, 0 to 1."""

    text: str
    outcome: TurnOutcome
    language: str
    confidence: float
    citations: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
