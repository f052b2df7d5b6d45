"""What visitors were asked and what they said, kept as evidence: nothing of it is ever changed, only added to."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.clock import now

# From the kinds of consent to the columns that say how it stands now.
COLUMNS: Mapping[str, str] = {
    "data_processing": "consent_data_processing",
    "marketing": "consent_marketing",
}

Consent = dict[str, Any]


def given(said: Mapping[str, bool | None], *, version: str | None, language: str | None) -> list[Consent]:
    """One entry for each kind that was answered. `version` names the wording, `language` the one it was read in."""
    at = now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [
        {"kind": kind, "granted": granted, "version": version, "language": language, "at": at}
        for kind, granted in said.items()
        if granted is not None
    ]


def added(before: Sequence[Consent], changes: Mapping[str, Any], present: Mapping[str, Any]) -> list[Consent]:
    """The entries with those that a change of the columns adds; `present` is how the columns stand."""
    changed = {
        kind: changes[column]
        for kind, column in COLUMNS.items()
        if column in changes and changes[column] != present[column]
    }
    return [*before, *given(changed, version=None, language=None)]
