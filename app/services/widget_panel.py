"""What the widget's panel starts with: one document that is inlined in its page, so that opening is no waterfall."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from app.core.settings import settings
from app.integrations.widget_files import widget_files
from app.services import agents
from app.services.agents import PublicAgent

VERSION = 1
DEFAULT_LANGUAGE = "en"
# ISO 639 codes of languages that are written from right to left.
_RIGHT_TO_LEFT = {"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
_LOOK = {"primary_color": "#0f766e", "color_scheme": "auto", "position": "right"}


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
    agent = agents.get_public(agent_id)
    known = widget_files.bundle().languages
    language = choose_language(wanted, agent, known)
    direction = direction_of(language)
    config = {
        "version": VERSION,
        "agent": {
            "id": agent.id,
            "name": agent.name,
            "avatar_url": agent.avatar_url,
            "online": agent.online,
        },
        "language": language,
        "dir": direction,
        "strings": known.get(language, {}),
        "look": {name: agent.widget_config.get(name, default) for name, default in _LOOK.items()},
        "texts": {"greeting": agent.greeting} if agent.greeting else {},
        "consent": {"version": None, "privacy_url": None, "data_processing": "ask", "marketing": "ask"},
        "fields": {"phone": "optional"},
        "contact": {"email": None, "phone": None, "url": None},
        "limits": {"message_characters": settings().max_message_characters},
        "handover": False,
        "identify": False,
    }
    return Panel(
        language=language,
        direction=direction,
        title=agent.name,
        config=config,
        image_origin=origin_of(agent.avatar_url),
    )


def choose_language(wanted: str | None, agent: PublicAgent, known: Collection[str]) -> str:
    """The first of what the page asks for, what the agent speaks, and English that the panel has texts in."""
    for tag in (wanted, *agent.languages[:1]):
        found = look_up(tag, known)
        if found is not None:
            return found
    return DEFAULT_LANGUAGE


def look_up(tag: str | None, known: Collection[str]) -> str | None:
    """The best of the known languages for a tag, by dropping its subtags one after another (RFC 4647, 3.4)."""
    parts = (tag or "").lower().split("-")
    by_name = {each.lower(): each for each in known}
    while parts:
        found = by_name.get("-".join(parts))
        if found is not None:
            return found
        parts.pop()
    return None


def direction_of(language: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def origin_of(url: str | None) -> str | None:
    """The origin of an address in the form that policies name it; None when there is none that can be written so."""
    try:
        parts = urlsplit(url or "")
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in {"http", "https"} or not host or not _is_plain(host):
        return None
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def _is_plain(host: str) -> bool:
    return all(part and part.replace("-", "").isalnum() and part.isascii() for part in host.rstrip(".").split("."))
