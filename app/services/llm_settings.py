"""Settings: which models answer and embed for a company or one of its agents, and with which keys."""

import re
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.errors import Invalid, NotFound
from app.models.audit_entry import RiskLevel
from app.models.llm_settings import LlmSettings
from app.repositories import llm_settings, providers
from app.security.principal import Principal
from app.services import audit, authentication, embedding_spaces, settings_rules
from app.services.audit import Event
from app.services.provider_rules import Messages
from app.services.settings_rules import Chosen, address_of

# Every field that is written by its caller, with what it is when nobody says.
DEFAULTS: Mapping[str, Any] = {
    "agent_id": None,
    "llm_provider_id": None,
    "llm_model_id": None,
    "llm_api_key": None,
    "llm_api_base_url": None,
    "llm_temperature": None,
    "llm_max_tokens": None,
    "llm_additional_params": {},
    "embedding_provider_id": None,
    "embedding_model_id": None,
    "embedding_api_key": None,
    "embedding_api_base_url": None,
    "embedding_dimension": None,
    "embedding_additional_params": {},
    "fallback_settings_id": None,
    "widget_script_url": None,
    "widget_config": {},
    "is_default": False,
}
_KEYS = ("llm_api_key", "embedding_api_key")
# A change of these may change what agents' texts are embedded with.
_SPACE = {
    "agent_id",
    "embedding_provider_id",
    "embedding_model_id",
    "embedding_api_base_url",
    "embedding_dimension",
    "fallback_settings_id",
    "is_default",
}
# Where keys, visitors' questions and documents are sent to.
_RISKY = {*_KEYS, "llm_api_base_url", "embedding_api_base_url", "llm_provider_id", "embedding_provider_id"}
_MARK = "…"
_SHORTEST_SHOWN = 12
_PREFIX = re.compile(r"[a-z]{2,4}[-_]")


def mask(key: str | None) -> str | None:
    """A key as it is read back: how keys of its kind begin, and its last four characters, such as `sk-…abcd`."""
    if key is None:
        return None
    prefix = _PREFIX.match(key)
    return (prefix[0] if prefix else "") + _MARK + (key[-4:] if len(key) >= _SHORTEST_SHOWN else "")


def create(principal: Principal, values: Mapping[str, Any]) -> LlmSettings:
    """New settings of the caller's company or of one of its agents."""
    company_id = principal.company()
    providers.lock(company_id=company_id)
    draft = {**DEFAULTS, **values}
    settings_id = new_id()
    check(company_id, draft, values, settings_id=settings_id)
    _make_room(company_id, draft, settings_id)
    row = LlmSettings(id=settings_id, company_id=company_id, **draft)
    llm_settings.store(row)
    audit.record(
        Event.SETTINGS_CREATED,
        "llm_settings",
        row.id,
        company_id=company_id,
        by=principal,
        after=values,
        risk=RiskLevel.MEDIUM,
    )
    embedding_spaces.follow_settings(company_id=company_id, agent_id=row.agent_id)
    return row


def get(principal: Principal, settings_id: UUID) -> LlmSettings:
    """Settings of the caller's company."""
    row = llm_settings.get(company_id=principal.company(), settings_id=settings_id)
    if row is None:
        raise NotFound
    return row


def find_of_company(principal: Principal, company_id: UUID, wanted: PageRequest) -> Page[LlmSettings]:
    """A company's settings, those of single agents aside; for super admins any company's."""
    company_id = authentication.acting_for(principal, company_id)
    return llm_settings.find_page_of_company(company_id=company_id, wanted=wanted)


def find_of_agent(principal: Principal, agent_id: UUID, wanted: PageRequest) -> Page[LlmSettings]:
    """What an agent has for itself."""
    company_id = principal.company()
    if not llm_settings.has_agent(company_id=company_id, agent_id=agent_id):
        raise NotFound
    return llm_settings.find_page_of_agent(company_id=company_id, agent_id=agent_id, wanted=wanted)


def change(principal: Principal, settings_id: UUID, wanted: Mapping[str, Any]) -> LlmSettings:
    """Changes the given fields. A key that comes as it was read back, masked, stays as it is."""
    company_id = principal.company()
    providers.lock(company_id=company_id)
    row = get(principal, settings_id)
    before, given = draft_of(row), unmasked(row, wanted)
    changes = {name: value for name, value in given.items() if value != before[name]}
    if not changes:
        return row
    draft = {**before, **changes}
    check(company_id, draft, changes, settings_id=row.id, before=row, given=given)
    _make_room(company_id, draft, row.id)
    for name, value in changes.items():
        setattr(row, name, value)
    llm_settings.store(row)
    audit.record(
        Event.SETTINGS_CHANGED,
        "llm_settings",
        row.id,
        company_id=company_id,
        by=principal,
        before={name: before[name] for name in changes},
        after=changes,
        risk=RiskLevel.MEDIUM if changes.keys().isdisjoint(_RISKY) else RiskLevel.HIGH,
    )
    if not changes.keys().isdisjoint(_SPACE):
        embedding_spaces.follow_settings(company_id=company_id, agent_id=None)
    return row


def delete(principal: Principal, settings_id: UUID) -> None:
    """Deletes settings; raises `SettingsInUse`. Agents that name them work with their own or the company's default
    from then on."""
    company_id = principal.company()
    providers.lock(company_id=company_id)
    row = get(principal, settings_id)
    settings_rules.refuse_if_fallback(company_id, row.id)
    llm_settings.remove(company_id=company_id, settings_id=row.id)
    audit.record(
        Event.SETTINGS_DELETED,
        "llm_settings",
        settings_id,
        company_id=company_id,
        by=principal,
        before={name: value for name, value in draft_of(row).items() if value != DEFAULTS[name]},
        risk=RiskLevel.MEDIUM,
    )
    embedding_spaces.follow_settings(company_id=company_id, agent_id=None)


def draft_of(row: LlmSettings) -> dict[str, Any]:
    """The fields of settings, by name; changing the draft changes nothing."""
    return {name: getattr(row, name) for name in DEFAULTS}


def unmasked(row: LlmSettings, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What of a request is new: a key that comes as it was read back, masked, isn't."""
    return {
        name: value
        for name, value in wanted.items()
        if not (name in _KEYS and value is not None and value == mask(getattr(row, name)))
    }


def check(
    company_id: UUID,
    draft: Mapping[str, Any],
    changes: Mapping[str, Any],
    *,
    settings_id: UUID,
    before: LlmSettings | None = None,
    given: Collection[str] = (),
) -> Chosen:
    """The providers and models of a draft; raises `Invalid` unless everything in it fits. `before` is what is stored
    under its id, if anything is, and `given` names the fields that the caller sent, new or not."""
    errors: Messages = {name: ["This is a masked key."] for name in _KEYS if _MARK in (changes.get(name) or "")}
    errors.update(settings_rules.find_link_errors(company_id, settings_id, changes))
    chosen = settings_rules.find_chosen(company_id, draft, errors)
    if chosen is None:
        raise Invalid(errors=errors)
    errors.update(settings_rules.find_errors(draft, chosen, changes))
    if before is not None:
        errors.update(_travelling_keys(company_id, draft, chosen, before, given))
    if errors:
        raise Invalid(errors=errors)
    return chosen


def _travelling_keys(
    company_id: UUID, draft: Mapping[str, Any], chosen: Chosen, before: LlmSettings, given: Collection[str]
) -> Messages:
    """Stored keys that would be sent somewhere else than to where they were given for: who may change settings could
    read them on a server of their own. Who sends the same key again knows it."""
    old = draft_of(before)
    old_ids = [before.llm_provider_id, before.embedding_provider_id]
    old_providers = providers.find_by_ids(company_id=company_id, ids=old_ids)
    errors: Messages = {}
    for part in ("llm", "embedding"):
        name = f"{part}_api_key"
        if draft[name] is None or draft[name] != old[name] or name in given:
            continue
        was = old_providers[old[f"{part}_provider_id"]]
        now = chosen.provider(part)
        if (now.type, address_of(draft, now, part)) != (was.type, address_of(old, was, part)):
            errors[name] = ["This key was given for another address. Send it again, or null."]
    return errors


def _make_room(company_id: UUID, draft: Mapping[str, Any], settings_id: UUID) -> None:
    # Before the row is touched: there can't be two defaults at any moment.
    if draft["is_default"]:
        llm_settings.clear_default(company_id=company_id, agent_id=draft["agent_id"], except_id=settings_id)
