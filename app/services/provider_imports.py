"""Many providers with their models at once, all or none. The seeds are one such import."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core.ids import new_id
from app.errors import Conflict, Invalid
from app.models.audit_entry import RiskLevel
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from app.repositories import provider_models, providers
from app.security.principal import Principal
from app.services import audit, embedding_spaces, provider_rules
from app.services.audit import Event

Definition = Mapping[str, Any]
_Key = tuple[UUID, str, str]


class Mode(StrEnum):
    """What happens to providers and models that are there already."""

    SKIP = "skip"
    UPDATE = "update"


class Outcome(StrEnum):
    """What happened to a provider or model."""

    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class ImportedModel:
    """A model of an import; with an id, whatever happened."""

    id: UUID
    name: str
    provider_model_id: str
    type: str
    outcome: Outcome


@dataclass(frozen=True)
class ImportedProvider:
    """A provider of an import, with its models in the order in which they came."""

    id: UUID
    name: str
    outcome: Outcome
    models: list[ImportedModel]


@dataclass(frozen=True)
class Imported:
    """What an import came to: its providers in the order in which they came."""

    providers: list[ImportedProvider]

    def count(self, outcome: Outcome) -> dict[str, int]:
        """How many providers and models had this outcome."""
        models = [model for provider in self.providers for model in provider.models]
        return {
            "providers": sum(provider.outcome is outcome for provider in self.providers),
            "models": sum(model.outcome is outcome for model in models),
        }


def run(principal: Principal, definitions: Sequence[Definition], mode: Mode) -> Imported:
    """Imports providers, each with its `models`. One that can't be taken stops all: `Invalid` and `Conflict` say under
    `errors` which, by index."""
    company_id = principal.company()
    providers.lock(company_id=company_id)
    work = _Import(company_id, mode)
    work.load(definitions)
    imported = Imported([work.take(index, definition) for index, definition in enumerate(definitions)])
    if work.errors:
        raise Invalid(errors={"providers": work.errors})
    work.store()
    _record(principal, imported)
    return imported


@dataclass
class _Import:
    company_id: UUID
    mode: Mode
    errors: dict[str, Any] = field(default_factory=dict)
    _providers: dict[str, Provider] = field(default_factory=dict)
    _models: dict[_Key, ProviderModel] = field(default_factory=dict)
    _new: list[Provider | ProviderModel] = field(default_factory=list)
    _seen: set[object] = field(default_factory=set)
    _changed: bool = False

    def load(self, definitions: Iterable[Definition]) -> None:
        """Looks up what is there already."""
        names = [definition["name"] for definition in definitions]
        self._providers = providers.find_by_names(company_id=self.company_id, names=names)
        ids = [provider.id for provider in self._providers.values()]
        models = provider_models.find_by_providers(company_id=self.company_id, provider_ids=ids)
        self._models = {(model.provider_id, model.provider_model_id, model.type): model for model in models}

    def take(self, index: int, definition: Definition) -> ImportedProvider:
        """Makes or changes one provider with its models, or notes why it can't be taken."""
        values = {name: value for name, value in definition.items() if name != "models"}
        errors: dict[str, Any] = dict(provider_rules.provider_errors(values))
        errors |= self._twice(values["name"].lower(), "name")
        try:
            provider, outcome = self._take_provider(values)
        except Conflict as conflict:
            raise _at(index, conflict) from None
        models = []
        for place, each in enumerate(definition.get("models", ())):
            complete = {"provider_model_id": each["name"], **each, "provider_id": provider.id}
            wrong = provider_rules.model_errors(provider.type, complete) | self._twice(
                _key(complete), "provider_model_id"
            )
            if wrong:
                errors.setdefault("models", {})[str(place)] = wrong
            else:
                models.append(self._take_model(index, complete))
        if errors:
            self.errors[str(index)] = errors
        return ImportedProvider(provider.id, provider.name, outcome, models)

    def store(self) -> None:
        """Writes everything. Models come after the providers that they refer to."""
        providers.store([row for row in self._new if isinstance(row, Provider)])
        providers.store([row for row in self._new if isinstance(row, ProviderModel)])
        if self._changed:
            embedding_spaces.follow_settings(company_id=self.company_id, agent_id=None)

    def _twice(self, key: object, name: str) -> dict[str, list[str]]:
        if key in self._seen:
            return {name: ["This is in the import twice."]}
        self._seen.add(key)
        return {}

    def _take_provider(self, values: Definition) -> tuple[Provider, Outcome]:
        present = self._providers.get(values["name"].lower())
        if present is None:
            made = Provider(id=new_id(), company_id=self.company_id, **values)
            self._new.append(made)
            return made, Outcome.CREATED
        changes = self._changes(present, values)
        if changes:
            provider_rules.check_provider_change(self.company_id, present, changes)
        return present, self._apply(present, changes)

    def _take_model(self, index: int, values: Definition) -> ImportedModel:
        model = self._models.get(_key(values))
        if model is None:
            model = ProviderModel(id=new_id(), company_id=self.company_id, **values)
            self._new.append(model)
            outcome = Outcome.CREATED
        else:
            changes = self._changes(model, values)
            try:
                provider_rules.check_model_change(self.company_id, model, changes)
            except Conflict as conflict:
                raise _at(index, conflict) from None
            outcome = self._apply(model, changes)
        return ImportedModel(model.id, model.name, model.provider_model_id, model.type, outcome)

    def _changes(self, row: Provider | ProviderModel, values: Definition) -> dict[str, Any]:
        if self.mode is Mode.SKIP:
            return {}
        return {name: value for name, value in values.items() if value != getattr(row, name)}

    def _apply(self, row: Provider | ProviderModel, changes: Definition) -> Outcome:
        for name, value in changes.items():
            setattr(row, name, value)
        self._changed = self._changed or bool(changes)
        return Outcome.UPDATED if changes else Outcome.SKIPPED


def _key(values: Definition) -> _Key:
    return values["provider_id"], values["provider_model_id"], values["type"]


def _at(index: int, conflict: Conflict) -> Conflict:
    return type(conflict)(conflict.detail, errors={"providers": {str(index): [conflict.detail]}})


def _record(principal: Principal, imported: Imported) -> None:
    counts = {outcome.value: imported.count(outcome) for outcome in Outcome}
    if any(counts[Outcome.CREATED].values()) or any(counts[Outcome.UPDATED].values()):
        audit.record(
            Event.PROVIDERS_IMPORTED,
            "provider",
            None,
            company_id=principal.company(),
            by=principal,
            after={**counts, "names": [provider.name for provider in imported.providers]},
            # What is changed may be where visitors' questions are sent.
            risk=RiskLevel.HIGH if any(counts[Outcome.UPDATED].values()) else RiskLevel.LOW,
        )
