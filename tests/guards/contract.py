"""The public contract (docs/contract.csv, docs/additions.csv) against the URL map. Functions return violations."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

from app.http.requires import Access, Credential, access_of
from app.models.user import Role

_PARAMETER = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
# The ids that integrators know as integers; all others are UUIDs.
_INTEGERS = {"country_id", "state_id", "city_id"}
_ADMINS = frozenset({Role.ADMIN, Role.SUPER_ADMIN})

Address = tuple[str, str]


@dataclass(frozen=True)
class Served:
    """A method and path as the application serves it. `callers` is in the words of the contract."""

    method: str
    path: str
    callers: str
    blueprint: str
    untyped: tuple[str, ...]

    @property
    def address(self) -> Address:
        return self.method, self.path


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table of the contract."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def served(app: Flask) -> list[Served]:
    """Everything that the application serves, HEAD and OPTIONS aside."""
    return [
        Served(method, _PARAMETER.sub(r"<\2>", rule.rule), callers_of(access), _blueprint(rule), _untyped(rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if (access := access_of(app.view_functions[rule.endpoint]))
    ]


def callers_of(access: Access) -> str:
    """A declaration in the words of the contract. A key is worth no more than its maker, so roles hold for both."""
    if access.public:
        return "public"
    role = {frozenset[Role](): "", _ADMINS: ": admin", frozenset({Role.SUPER_ADMIN}): ": super_admin"}.get(
        access.roles, f": {' or '.join(sorted(access.roles))}"
    )
    parts = []
    if Credential.API_KEY in access.credentials:
        parts.append(f"key: {access.scope}" + (", made by a super_admin" if role == ": super_admin" else ""))
    if Credential.JWT in access.credentials:
        narrowed = f", scope {access.scope}" if access.scope and Credential.API_KEY not in access.credentials else ""
        parts.append(f"jwt{role}{narrowed}")
    if Credential.LEAD in access.credentials:
        parts.append("lead (own only)")
    return " | ".join(parts)


def violations(
    app: Flask,
    rows: Sequence[Mapping[str, str]],
    additions: Sequence[Mapping[str, str]],
    *,
    deviations: Mapping[Address, tuple[str, str]],
    pending: Iterable[Address] = (),
) -> list[str]:
    """How an application breaks the contract. Only blueprints that are registered have to be served, each as a whole
    but for its `pending` rows. `deviations` gives the callers as built, and why, where they differ on purpose."""
    present = {each.address: each for each in served(app)}
    promised = {(row["method"], row["path"]): row for row in rows if row["method"] != "WS"}
    added = {(row["method"], row["path"]): row for row in additions}
    return [
        *_unserved(app, present, promised, set(pending)),
        *_served_otherwise(present, {**promised, **added}, deviations),
        *(f"{_text(at)}: served and not documented" for at in present if at not in promised and at not in added),
        *(f"{_text(at)}: an addition that is not served" for at in added if at not in present),
        *(f"{_text(at)}: an addition that the contract has" for at in added if at in promised),
        *(f"{_text(at)}: an addition without a reason" for at, row in added.items() if not row["why"]),
        *_stale(present, promised, deviations, set(pending)),
        *(f"{_text(each.address)}: {name} has no type" for each in present.values() for name in each.untyped),
    ]


def _unserved(
    app: Flask, present: Mapping[Address, Served], promised: Mapping[Address, Mapping[str, str]], pending: set[Address]
) -> Iterator[str]:
    for at, row in promised.items():
        if row["blueprint"] in app.blueprints and at not in pending:
            if at not in present:
                yield f"{_text(at)}: not served"
            elif present[at].blueprint != row["blueprint"]:
                yield f"{_text(at)}: served by {present[at].blueprint} instead of {row['blueprint']}"


def _served_otherwise(
    present: Mapping[Address, Served],
    documented: Mapping[Address, Mapping[str, str]],
    deviations: Mapping[Address, tuple[str, str]],
) -> Iterator[str]:
    for at, each in present.items():
        if at in documented:
            wanted = deviations[at][0] if at in deviations else documented[at]["callers"]
            if set(each.callers.split(" | ")) != set(wanted.split(" | ")):
                yield f"{_text(at)}: open to {each.callers} instead of {wanted}"


def _stale(
    present: Mapping[Address, Served],
    promised: Mapping[Address, Mapping[str, str]],
    deviations: Mapping[Address, tuple[str, str]],
    pending: set[Address],
) -> Iterator[str]:
    for at in deviations:
        if at not in promised or deviations[at][0] == promised[at]["callers"]:
            yield f"{_text(at)}: no deviation any more"
    for at in pending:
        if at in present or at not in promised:
            yield f"{_text(at)}: not pending any more"


def _blueprint(rule: Rule) -> str:
    return rule.endpoint.rpartition(".")[0]


def _untyped(rule: Rule) -> tuple[str, ...]:
    """Ids whose placeholder takes anything: /company/<id> would swallow /company/deleted."""
    return tuple(
        name
        for kind, name in _PARAMETER.findall(rule.rule)
        if name.endswith("_id") and kind != ("int" if name in _INTEGERS else "uuid")
    )


def _text(at: Address) -> str:
    return " ".join(at)
