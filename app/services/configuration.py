"""The configuration: settings of the installation that can change while it runs, and entries that anybody's frontend or
programs keep, the platform's by super admins and each company's by its admins."""

import dataclasses
import json
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.config import Settings, SettingsError, runtime_names, variable
from app.core import settings as current_settings
from app.core import tenancy
from app.core.paging import Page, PageRequest, Pagination
from app.core.transaction import after_commit
from app.errors import Conflict, Forbidden, Invalid
from app.models.audit_entry import RiskLevel
from app.models.config_entry import ConfigEntry, ConfigType
from app.repositories import config_entries
from app.security.principal import Principal
from app.services import audit, runtime_settings
from app.services.audit import Event

MASK = "***"
MOST_ENTRIES = 500
_FIELDS = {each.name: each for each in dataclasses.fields(Settings)}
_KINDS = {bool: ConfigType.BOOL, int: ConfigType.INT, float: ConfigType.FLOAT, str: ConfigType.STRING}
_TYPES = typing.get_type_hints(Settings)


class InstallationsOwn(Forbidden):
    """A setting of the installation is the operator's."""

    code = "installation_setting"
    detail = "This is a setting of the installation. Only super admins change it, without naming a company."


class TooManyEntries(Conflict):
    """Configuration is not a place to keep data in."""

    code = "quota_exceeded"
    detail = f"There are {MOST_ENTRIES} entries already."


@dataclass(frozen=True)
class Shown:
    """An entry as it is read back. `scope` is `platform` or `company`; `source` is `environment` for a setting that
    nobody has changed, otherwise `stored`."""

    config_key: str
    config_value: Any
    config_type: ConfigType
    description: str | None
    is_sensitive: bool
    is_setting: bool
    scope: str
    source: str
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Change:
    """What is wanted of an entry; None: as it is, or what follows from the value."""

    key: str
    value: Any
    kind: ConfigType | None = None
    description: str | None = None
    is_sensitive: bool | None = None


def find(principal: Principal, wanted: PageRequest) -> Page[Shown]:
    """The settings that can change, the platform's entries and the company's own. Sensitive ones are listed for super
    admins alone, and masked for them, too."""
    shown = [*_settings(), *_entries(None)]
    if principal.company_id is not None:
        shown += _entries(principal.company_id)
    if not principal.is_super_admin:
        shown = [each for each in shown if not each.is_sensitive]
    first = (wanted.page - 1) * wanted.per_page
    return Page(shown[first : first + wanted.per_page], Pagination(wanted.page, wanted.per_page, len(shown)))


def put(principal: Principal, change: Change) -> Shown:
    """Creates or changes an entry: the platform's for a super admin who names no company, otherwise the company's.

    A setting takes effect in all processes within seconds; null gives it back to the environment. Raises `Invalid`,
    `InstallationsOwn` and `TooManyEntries`.
    """
    company_id = principal.company_id if principal.is_super_admin else principal.company()
    if change.key in _FIELDS:
        if company_id is not None:
            raise InstallationsOwn
        return _put_setting(principal, change)
    return _put_entry(principal, company_id, change)


def kind_of(value: Any) -> ConfigType:
    """The type that a value has by itself."""
    return _KINDS.get(type(value), ConfigType.JSON)


def _settings() -> Iterator[Shown]:
    stored = {each.key: each for each in _read(None)}
    for name in sorted(runtime_names()):
        entry = stored.get(name)
        yield Shown(
            config_key=name,
            config_value=entry.value if entry else getattr(current_settings.given(), name),
            config_type=_KINDS[_TYPES[name]],
            description=_FIELDS[name].metadata["help"],
            is_sensitive=False,
            is_setting=True,
            scope="platform",
            source="stored" if entry else "environment",
            updated_at=entry.updated_at if entry else None,
        )


def _entries(company_id: UUID | None) -> list[Shown]:
    return [_shown(each) for each in _read(company_id) if company_id is not None or each.key not in _FIELDS]


def _read(company_id: UUID | None) -> list[ConfigEntry]:
    """Entries of the company or the platform, which every company's admins may read."""
    if company_id is not None:
        return list(config_entries.find_all(company_id=company_id))
    with tenancy.across_companies("the configuration of the platform is for every company to read"):
        return list(config_entries.find_all(company_id=None))


def _shown(entry: ConfigEntry) -> Shown:
    return Shown(
        config_key=entry.key,
        config_value=MASK if entry.is_sensitive else entry.value,
        config_type=ConfigType(entry.kind),
        description=entry.description,
        is_sensitive=entry.is_sensitive,
        is_setting=False,
        scope="platform" if entry.company_id is None else "company",
        source="stored",
        updated_at=entry.updated_at,
    )


def _put_setting(principal: Principal, change: Change) -> Shown:
    kind = _check_setting(change)
    tenancy.enter_company(None)
    config_entries.lock(company_id=None)  # two settings that contradict each other must not both pass
    others = {each.key: each.value for each in config_entries.find_all(company_id=None) if each.key in runtime_names()}
    before = others.pop(change.key, None)
    if change.value is not None:
        _check_together({**others, change.key: change.value})
    entry = config_entries.get(company_id=None, key=change.key)
    if change.value is None:
        if entry is not None:
            config_entries.remove(entry)
    else:
        _store(principal, None, entry, change, kind=kind, is_sensitive=False)
    _record(principal, None, change.key, before=before, after=change.value, risk=RiskLevel.HIGH)
    after_commit(runtime_settings.announce)
    return next(each for each in _settings() if each.config_key == change.key)


def _check_setting(change: Change) -> ConfigType:
    if change.key not in runtime_names():
        raise Invalid(errors={"config_key": [f"This is set by {variable(change.key)} in the environment only."]})
    kind = _KINDS[_TYPES[change.key]]
    if change.kind not in {None, kind}:
        raise Invalid(errors={"config_type": [f"This setting is a {kind}."]})
    if change.is_sensitive:
        raise Invalid(errors={"is_sensitive": ["This setting is not sensitive."]})
    if change.description is not None:
        raise Invalid(errors={"description": ["Settings have their own."]})
    if change.value is not None:
        _check_type(change.value, kind)
    return kind


def _check_together(values: dict[str, Any]) -> None:
    try:
        dataclasses.replace(current_settings.given(), **values)
    except SettingsError as error:
        raise Invalid(errors={"config_value": [str(error)]}) from None


def _put_entry(principal: Principal, company_id: UUID | None, change: Change) -> Shown:
    tenancy.enter_company(company_id)
    config_entries.lock(company_id=company_id)
    entry = config_entries.get(company_id=company_id, key=change.key)
    if entry is None and config_entries.count(company_id=company_id) >= MOST_ENTRIES:
        raise TooManyEntries
    kind = change.kind or (ConfigType(entry.kind) if entry else kind_of(change.value))
    sensitive = change.is_sensitive if change.is_sensitive is not None else bool(entry and entry.is_sensitive)
    _check_type(change.value, kind)
    if sensitive and change.value == MASK:
        raise Invalid(errors={"config_value": ["This is the masked value."]})
    before = MASK if entry and entry.is_sensitive else entry.value if entry else None
    entry = _store(principal, company_id, entry, change, kind=kind, is_sensitive=sensitive)
    after = MASK if sensitive else change.value
    _record(principal, company_id, change.key, before=before, after=after, risk=RiskLevel.MEDIUM)
    return _shown(entry)


def _store(
    principal: Principal,
    company_id: UUID | None,
    entry: ConfigEntry | None,
    change: Change,
    *,
    kind: ConfigType,
    is_sensitive: bool,
) -> ConfigEntry:
    is_new = entry is None
    entry = entry or ConfigEntry(company_id=company_id, key=change.key, description=None)
    entry.kind, entry.is_sensitive, entry.updated_by = kind, is_sensitive, principal.user_id
    entry.value = None if is_sensitive else change.value
    entry.secret = json.dumps(change.value) if is_sensitive else None
    if change.description is not None:
        entry.description = change.description
    if is_new:
        config_entries.add(entry)
    return entry


def _check_type(value: Any, kind: ConfigType) -> None:
    actual = kind_of(value)
    if kind is not ConfigType.JSON and actual is not kind and (actual, kind) != (ConfigType.INT, ConfigType.FLOAT):
        raise Invalid(errors={"config_value": [f"This is not a {kind}."]})


def _record(
    principal: Principal, company_id: UUID | None, key: str, *, before: Any, after: Any, risk: RiskLevel
) -> None:
    audit.record(
        Event.CONFIG_CHANGED,
        "config_entry",
        key,
        company_id=company_id,
        by=principal,
        before={key: before},
        after={key: after},
        risk=risk,
    )
