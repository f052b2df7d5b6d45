"""How an agent's widget looks and what it says: the config of its settings, with its own laid over that.

Every top-level key of the agent's own config takes the place of the settings' one; texts are laid over each other by
language and key. What it may hold is checked when it is written (`app.http.widget_config`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from app.models.agent import Agent
from app.repositories import agents

Config = dict[str, Any]

DEFAULT_COLOR = "#0f766e"
# Without a position it is where lines end: on the left of pages that are read from right to left.
LOOK: Mapping[str, str | None] = {"primary_color": DEFAULT_COLOR, "color_scheme": "auto", "position": None}
CONSENT: Mapping[str, str | None] = {
    "version": None,
    "privacy_url": None,
    "data_processing": "ask",
    "marketing": "ask",
}
FIELDS: Mapping[str, str] = {"phone": "optional"}
CONTACT: Mapping[str, str | None] = {"email": None, "phone": None, "url": None}
# What is the installation's and the browser's to know, not the visitors'.
_NOT_PUBLIC = {"allowed_domains"}


def effective(agent: Agent) -> Config:
    """The config that the agent's widget works with; the transaction must have entered its company."""
    return with_script_url(agent)[0]


def with_script_url(agent: Agent) -> tuple[Config, str | None]:
    """The same, and where the settings say that the widget's script is, if they do."""
    of_settings, script_url = agents.find_widget(
        company_id=agent.company_id, agent_id=agent.id, llm_settings_id=agent.llm_settings_id
    )
    return lay_over(of_settings, agent.widget_config), script_url


def lay_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> Config:
    """One config over another."""
    merged = {**below, **above}
    texts = {
        language: {**_object(below, "texts", language), **_object(above, "texts", language)}
        for language in {**_object(below, "texts"), **_object(above, "texts")}
    }
    return merged | ({"texts": texts} if texts else {})


def public(config: Mapping[str, Any]) -> Config:
    """What anybody may know of a config."""
    return {name: value for name, value in config.items() if name not in _NOT_PUBLIC}


def allowed_domains(config: Mapping[str, Any]) -> list[str]:
    """The sites that may show the widget; empty: all."""
    found = config.get("allowed_domains")
    return found if isinstance(found, list) else []


def section(config: Mapping[str, Any], name: str, defaults: Mapping[str, Any]) -> Config:
    """One object of a config, its gaps filled."""
    given = _object(config, name)
    return {key: given.get(key, default) for key, default in defaults.items()}


def texts_in(config: Mapping[str, Any], languages: Iterable[str]) -> Config:
    """The texts, each in the first of the languages (BCP 47 tags, the best first) that it is written in."""
    written = {tag.lower(): texts for tag, texts in _object(config, "texts").items() if isinstance(texts, dict)}
    chosen: Config = {}
    for tag in languages:
        for shorter in prefixes(tag):
            chosen = {**written.get(shorter, {}), **chosen}
    return chosen


def prefixes(tag: str) -> Iterable[str]:
    """A tag in lower case, and what is left of it as its subtags are dropped (RFC 4647, 3.4): `zh-hant-tw`, `zh-hant`,
    `zh`."""
    parts = tag.lower().split("-")
    return ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]


def _object(config: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """What lies at a path; empty where there is no object, as in rows from before there were rules."""
    value: Any = config
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, dict) else {}
