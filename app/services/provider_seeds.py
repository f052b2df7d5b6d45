"""The providers and models that most companies begin with. What a company has under their names stays as it is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.errors import Invalid
from app.security.principal import Principal
from app.services import provider_imports
from app.services.provider_imports import Imported, Mode

_FILE = Path(__file__).parent / "seeds" / "providers.json"


@dataclass(frozen=True)
class Seeds:
    """The seeds, and the day on which their prices were looked up (ISO 8601)."""

    as_of: str
    providers: Sequence[dict[str, Any]]


@cache
def seeds() -> Seeds:
    """What there is to seed."""
    content = json.loads(_FILE.read_text(encoding="utf-8"))
    return Seeds(content["as_of"], content["providers"])


def seed(principal: Principal, names: Sequence[str] | None = None) -> Imported:
    """Adds the providers and models that the company doesn't have yet: all of them, or those of these providers."""
    return provider_imports.run(principal, _wanted(names), Mode.SKIP)


def _wanted(names: Sequence[str] | None) -> Sequence[dict[str, Any]]:
    if names is None:
        return seeds().providers
    wanted = {name.lower() for name in names}
    found = [provider for provider in seeds().providers if provider["name"].lower() in wanted]
    unknown = wanted - {provider["name"].lower() for provider in found}
    if unknown:
        known = ", ".join(provider["name"] for provider in seeds().providers)
        raise Invalid(errors={"providers": [f"Not known: {', '.join(sorted(unknown))}. There are {known}."]})
    return found
