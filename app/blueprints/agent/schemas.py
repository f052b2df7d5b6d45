"""Shapes of the agent routes."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.blueprints.agent.hours import OperatingHoursRequest
from app.http.fields import EXAMPLE_ID, LanguageTag, identifier, moment, web_address
from app.http.schemas import PageQuery, ResponseSchema, StrictSchema, doc, page_of, text
from app.http.widget_config import EXAMPLE, widget_config_field
from app.models.agent import AgentStatus
from app.services.agent_tests import SAMPLE_QUESTION
from app.services.agents import NAME_LENGTH

_MOST_ITEMS = 20
_HOURS = {"timezone": "Europe/Madrid", "days": {"mon": [["09:00", "18:00"]]}}


def _name(**extra: Any) -> fields.String:
    return text("What visitors see that it is called.", "Ronda", max_length=NAME_LENGTH, **extra)


def _short_texts(description: str, example: str) -> fields.List:
    return fields.List(
        text("One of them.", example, max_length=60),
        validate=validate.Length(max=_MOST_ITEMS),
        metadata=doc(f"{description} {_MOST_ITEMS} at most.", [example]),
    )


class UpdateAgentRequest(StrictSchema):
    """Any subset of an agent's fields."""

    name = _name()
    description = text(
        "What it is for; only the team sees it.", "Answers about rentals", max_length=2000, allow_none=True
    )
    avatar_url = web_address("Address of its picture.", "https://acme.example/ronda.png", most=2000)
    greeting = text("What it says first.", "Hi! Ask me anything about our bikes.", max_length=1000, allow_none=True)
    instructions = text(
        "What it is told beside the rules that every agent has.",
        "Be brief. Prices are in euros.",
        max_length=8000,
        allow_none=True,
    )
    llm_settings_id = identifier(
        "Settings of the company or, for an agent that there is, its own; null: the default ones.", allow_none=True
    )
    personality_traits = _short_texts("How it sounds.", "friendly")
    capabilities = _short_texts("What it can do, as the team describes it.", "product questions")
    operating_hours = fields.Nested(
        OperatingHoursRequest, metadata=doc("When people are there; `{}` stands for always.", _HOURS)
    )
    languages = fields.List(
        fields.String(
            validate=[
                validate.Length(max=35),
                validate.Regexp(
                    r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*\Z", error="Not a BCP 47 language tag, as in pt-BR."
                ),
            ],
            metadata=doc("A BCP 47 language tag.", "pt-BR"),
        ),
        validate=validate.Length(max=_MOST_ITEMS),
        metadata=doc(f"Languages it speaks, as BCP 47 tags; {_MOST_ITEMS} at most.", ["en", "pt-BR"]),
    )
    widget_config = widget_config_field(
        "How its widget looks and what it says, where that differs from its settings' config; replaces what was there."
    )
    status = fields.Enum(
        AgentStatus,
        by_value=True,
        metadata=doc("An inactive agent takes no new visitors and no new messages.", "active"),
    )


class CreateAgentRequest(UpdateAgentRequest):
    """A new agent."""

    name = _name(required=True)


class CloneAgentRequest(StrictSchema):
    """How a copy differs from its original."""

    name = _name()
    llm_settings_id = identifier(
        "Settings of the company; without them those of the original, unless they are its own."
    )


class TestAgentRequest(StrictSchema):
    """A question to try an agent out with."""

    query = text("The question.", "How far does the battery last?", max_length=8000, load_default=SAMPLE_QUESTION)


class AgentQuery(PageQuery):
    """Which agents are wanted."""

    status = fields.Enum(
        AgentStatus, by_value=True, load_default=None, metadata=doc("Only agents of this status.", "active")
    )
    search = text(
        "Part of the name or the description, whatever the case and accents.", "ronda", min_length=0, load_default=""
    )
    company_id = identifier("The company; for super admins, who belong to none.")


class QuestionQuery(PageQuery):
    """Which questions are wanted."""

    resolved = fields.Boolean(
        load_default=None, metadata=doc("Only resolved, or only open questions; without it all of them.", False)
    )


class MarkQuestionRequest(StrictSchema):
    """Whether a question is taken care of."""

    resolved = fields.Boolean(required=True, metadata=doc("False opens it again.", True))


class PublicAgentResponse(ResponseSchema):
    """What anybody may know of an agent."""

    id = identifier("The id of the agent.")
    name = fields.String(metadata=doc("Its name.", "Ronda"))
    avatar_url = fields.String(
        allow_none=True, metadata=doc("Address of its picture.", "https://acme.example/ronda.png")
    )
    languages = fields.List(fields.String(), metadata=doc("Languages it speaks, as BCP 47 tags.", ["en", "pt-BR"]))
    greeting = fields.String(
        allow_none=True, metadata=doc("What it says first.", "Hi! Ask me anything about our bikes.")
    )
    widget_config = fields.Dict(
        metadata=doc("How the widget looks: its settings' config, its own laid over it.", dict(EXAMPLE))
    )
    online = fields.Boolean(metadata=doc("Whether its people are there now, by its operating hours.", True))


class AgentResponse(ResponseSchema):
    """An agent, as the team sees it."""

    id = identifier("The id of the agent.")
    company_id = identifier("The company that it belongs to.")
    name = fields.String(metadata=doc("Its name.", "Ronda"))
    description = fields.String(allow_none=True, metadata=doc("What it is for.", "Answers about rentals"))
    avatar_url = fields.String(
        allow_none=True, metadata=doc("Address of its picture.", "https://acme.example/ronda.png")
    )
    greeting = fields.String(
        allow_none=True, metadata=doc("What it says first.", "Hi! Ask me anything about our bikes.")
    )
    instructions = fields.String(allow_none=True, metadata=doc("What it is told.", "Be brief. Prices are in euros."))
    llm_settings_id = identifier("Its settings; null: the default ones.", allow_none=True)
    personality_traits = fields.List(fields.String(), metadata=doc("How it sounds.", ["friendly"]))
    capabilities = fields.List(fields.String(), metadata=doc("What it can do.", ["product questions"]))
    operating_hours = fields.Dict(metadata=doc("When people are there; empty: always.", _HOURS))
    languages = fields.List(fields.String(), metadata=doc("Languages it speaks, as BCP 47 tags.", ["en", "pt-BR"]))
    widget_config = fields.Dict(
        metadata=doc("How its widget looks, where that differs from its settings' config.", dict(EXAMPLE))
    )
    has_identity_secret = fields.Boolean(
        metadata=doc("Whether its company can sign who visitors are (`POST /v1/lead/identify`).", False),
    )
    status = fields.String(metadata=doc("`active` or `inactive`.", "active"))
    created_at = moment("When it was made.")
    updated_at = moment("When it was last changed.")


AgentPage = page_of(AgentResponse)


class EmbedCodeQuery(ma.Schema):
    """How the embed code is wanted."""

    class Meta:
        unknown = ma.EXCLUDE

    lang = LanguageTag(
        "The language that the widget speaks on this site; without it that of each page, or the visitor's.",
        load_default=None,
    )
    company_id = identifier("The company; for super admins, who belong to none.")


class EmbedCodeResponse(ResponseSchema):
    """What a site includes to have the widget."""

    agent_id = identifier("The agent.")
    html = fields.String(
        metadata=doc(
            "The script tag, for the end of every page.",
            '<script async src="https://frontdesk.example/widget.js" data-agent-id="…"></script>',
        )
    )
    script_url = fields.String(metadata=doc("Where its script is.", "https://frontdesk.example/widget.js"))
    attributes = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata=doc("Its attributes, for pages that make the tag themselves.", {"data-agent-id": EXAMPLE_ID}),
    )
    content_security_policy = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata=doc(
            "What a site with a Content-Security-Policy adds, by directive.",
            {"script-src": "https://frontdesk.example", "frame-src": "https://frontdesk.example"},
        ),
    )


class TestPageRequest(StrictSchema):
    """A page to try the embed code out on."""

    body = text("HTML, with the embed code in it.", "<h1>Our shop</h1>", max_length=500_000, required=True)


class IdentitySecretResponse(ResponseSchema):
    """A new identity secret; this is the only time that it is shown."""

    agent_id = identifier("The agent: the `aud` of tokens.")
    secret = fields.String(metadata=doc("Belongs on the company's server alone.", "fdi_9Jx…"))
    algorithm = fields.String(metadata=doc("What tokens are signed with.", "HS256"))
    created_at = moment("When it was made.")


class TestedAnswerResponse(ResponseSchema):
    """What the agent would have said."""

    answer = fields.String(metadata=doc("The answer.", "Up to 120 km with one charge [1]."))
    citations = fields.List(
        fields.Dict(), metadata=doc("The passages that it cites.", [{"index": 1, "title": "Manual", "page": 4}])
    )
    outcome = fields.String(metadata=doc("`answered`, `refused` or `small_talk`.", "answered"))
    confidence = fields.Float(metadata=doc("How sure the documents are, 0 to 1.", 0.83))
    language = fields.String(metadata=doc("The language of the answer.", "en"))
    metadata = fields.Dict(metadata=doc("How it was made.", {"provider": "builtin", "model": "extractive"}))
    timing = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=doc("Milliseconds it took.", {"total_ms": 840})
    )


class UnansweredQuestionResponse(ResponseSchema):
    """A question that the documents had no answer to."""

    id = identifier("The id of the question.")
    agent_id = identifier("The agent that was asked.")
    message_id = identifier("The message that asked it; null once that is gone.", allow_none=True)
    question = fields.String(metadata=doc("What was asked.", "Do you ship to Iceland?"))
    language = fields.String(allow_none=True, metadata=doc("Its language.", "en"))
    confidence = fields.Float(metadata=doc("How well the best passage fitted, 0 to 1.", 0.21))
    resolved_at = moment("When the team took care of it; null: it is open.", allow_none=True)
    created_at = moment("When it was asked.")


UnansweredQuestionPage = page_of(UnansweredQuestionResponse)
