"""The embed code: the one script tag that puts an agent's widget on a site."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from uuid import UUID

from app.core.settings import settings
from app.models.agent import Agent
from app.security.principal import Principal
from app.services import agents, widget_config, widget_panel
from app.services.allowed_domains import origin_of
from app.services.widget_config import DEFAULT_COLOR, Config

# What the script does without being told.
_DEFAULT_TEASER_SECONDS = 8


@dataclass(frozen=True)
class EmbedCode:
    """A script tag, what it is made of, and what a site's Content-Security-Policy has to allow for it."""

    agent_id: UUID
    html: str
    script_url: str
    attributes: Mapping[str, str]
    content_security_policy: Mapping[str, str]


def compose(principal: Principal, agent_id: UUID, *, language: str | None) -> EmbedCode:
    """The embed code of an agent of the caller's company. With a `language` (BCP 47) the widget speaks that on the
    site, whatever the page says."""
    agent = agents.get(principal, agent_id)
    config, url = widget_config.with_script_url(agent)
    script_url = url or f"{settings().public_url}/widget.js"
    attributes = _attributes(agent, config, language)
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    origin = origin_of(script_url)
    return EmbedCode(
        agent_id=agent.id,
        html=f'<script async src="{escape(script_url)}"{written}></script>',
        script_url=script_url,
        attributes=attributes,
        content_security_policy={name: origin for name in ("script-src", "frame-src") if origin},
    )


def _attributes(agent: Agent, config: Config, language: str | None) -> dict[str, str]:
    """Those that differ from what the script does by itself."""
    known = widget_panel.choose_language(language, agent, config)
    texts = widget_panel.texts_for(agent, config, known, language)
    given: dict[str, str | None] = {
        "data-agent-id": str(agent.id),
        "data-color": _unless(config.get("primary_color"), DEFAULT_COLOR),
        "data-position": config.get("position"),
        "data-lang": language,
        "data-label": texts.get("launcher_label"),
    }
    seconds = config.get("teaser_delay_seconds", _DEFAULT_TEASER_SECONDS)
    if texts.get("teaser") and seconds is not None:
        given["data-teaser"] = texts["teaser"]
        given["data-teaser-delay"] = _unless(str(seconds), str(_DEFAULT_TEASER_SECONDS))
    return {name: value for name, value in given.items() if value is not None}


def _unless(value: str | None, default: str) -> str | None:
    return None if value is None or value.lower() == default else value
