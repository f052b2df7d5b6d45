"""What the widget's panel starts with: one document that is inlined in its page, so that opening is no waterfall."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.clock import now
from app.core.settings import settings
from app.integrations.widget_files import widget_files
from app.models.agent import Agent
from app.services import agents, allowed_domains, operating_hours, widget_config
from app.services.allowed_domains import origin_of
from app.services.widget_config import Config

VERSION = 1
DEFAULT_LANGUAGE = "en"
# ISO 639 codes of languages that are written from right to left.
_RIGHT_TO_LEFT = {"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
# Texts that the panel shows; the others are the embed code's.
_TEXTS = (
    "title",
    "subtitle",
    "greeting",
    "suggestions",
    "placeholder",
    "teaser",
    "launcher_label",
    "offline",
    "consent_data_processing",
    "consent_marketing",
)


@dataclass(frozen=True)
class Panel:
    """The panel of one agent in one language. `image_origin` is where its avatar is loaded from; `embedders` are the
    sources of the policy's `frame-ancestors`, empty when every site may embed it."""

    language: str
    direction: str
    title: str
    config: Mapping[str, Any]
    image_origin: str | None = None
    embedders: Sequence[str] = ()


def open_panel(agent_id: UUID, wanted: str | None) -> Panel:
    """The panel of an agent in the best of its languages for `wanted`, a BCP 47 tag. Raises `NotFound` unless the
    agent may be talked to."""
    agent = agents.enter_by_agent(agent_id)
    config = widget_config.effective(agent)
    language = choose_language(wanted, agent, config)
    texts = texts_for(agent, config, language, wanted)
    return Panel(
        language=language,
        direction=direction_of(language),
        title=texts.get("title") or agent.name,
        config=_document(agent, config, language, texts),
        image_origin=origin_of(agent.avatar_url),
        embedders=allowed_domains.sources(widget_config.allowed_domains(config)),
    )


def _document(agent: Agent, config: Config, language: str, texts: Config) -> Config:
    return {
        "version": VERSION,
        "agent": {
            "id": agent.id,
            "name": agent.name,
            "avatar_url": agent.avatar_url,
            "online": operating_hours.are_open(agent.operating_hours, now()),
        },
        "language": language,
        "dir": direction_of(language),
        "strings": widget_files.bundle().languages.get(language, {}),
        "look": {name: config.get(name, default) for name, default in widget_config.LOOK.items()},
        "texts": texts,
        "consent": widget_config.section(config, "consent", widget_config.CONSENT),
        "fields": widget_config.section(config, "fields", widget_config.FIELDS),
        "contact": widget_config.section(config, "contact", widget_config.CONTACT),
        "limits": {"message_characters": settings().max_message_characters},
        "handover": False,
        "identify": agent.has_identity_secret,
    }


def choose_language(wanted: str | None, agent: Agent, config: Config) -> str:
    """The first that the panel has texts in of: what the page asks for, the agent's first, the config's default one,
    and English."""
    known = widget_files.bundle().languages
    for tag in (wanted, *agent.languages[:1], config.get("default_language")):
        found = look_up(tag, known)
        if found is not None:
            return found
    return DEFAULT_LANGUAGE


def texts_for(agent: Agent, config: Config, language: str, wanted: str | None = None) -> Config:
    """What the company has the widget say in a language (`wanted` may name a region of it); where it wrote nothing in
    that, in its default language, which without one is the agent's first."""
    near = wanted if wanted and look_up(wanted, [language]) else language
    default = config.get("default_language") or (agent.languages or [DEFAULT_LANGUAGE])[0]
    found = widget_config.texts_in(config, [near, default])
    texts = {name: found[name] for name in _TEXTS if found.get(name)}
    return texts if "greeting" in texts or not agent.greeting else {**texts, "greeting": agent.greeting}


def look_up(tag: str | None, known: Collection[str]) -> str | None:
    """The best of the known languages for a tag, by dropping its subtags one after another (RFC 4647, 3.4)."""
    by_name = {each.lower(): each for each in known}
    return next((by_name[shorter] for shorter in widget_config.prefixes(tag or "") if shorter in by_name), None)


def direction_of(language: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"
