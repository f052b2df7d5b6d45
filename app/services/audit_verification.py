"""Verifying a chain of audit entries: whether one was changed, removed or put in by hand, and which.

Page by page, so that it takes the same memory whatever the length, and in transactions of its own, so that it holds
nothing up.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from sqlalchemy import RowMapping

from app.core import tenancy
from app.core.offload import offload
from app.core.transaction import transaction
from app.models.audit_chain import AuditChain
from app.repositories import audit_chains, audit_entries
from app.security import audit_seal
from app.services import audit_chain

_PAGE = 1_000
_MOST_TOLD = 100


class Kind(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    MOVED = "moved"
    HEAD_CHANGED = "head_changed"
    REWRITTEN = "rewritten"


@dataclass(frozen=True)
class Problem:
    """Something that was done by hand. A run of removed entries goes from `position` to `through_position`."""

    kind: Kind
    detail: str
    position: int | None = None
    through_position: int | None = None
    entry_id: UUID | None = None


@dataclass(frozen=True)
class Known:
    """A place and the seal (hexadecimal) that an entry there once had, as somebody outside has kept it."""

    position: int
    seal: str


@dataclass
class Verification:
    """What was found. It went through the entries after `after`, up to `checked_through`; unless `complete`, there are
    more. `problem_count` counts those that are not told, too."""

    company_id: UUID | None
    after: int
    checked: int = 0
    checked_through: int = 0
    complete: bool = False
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)
    # Where the chain ends and begins.
    position: int = 0
    seal: str = audit_seal.NOTHING.hex()
    forgotten_through: int = 0

    @property
    def valid(self) -> bool:
        """Whether everything that was looked at is as it was written."""
        return not self.problem_count

    def add(self, problems: Iterable[Problem]) -> None:
        """Takes problems in, and keeps the first ones."""
        for problem in problems:
            self.problem_count += 1
            if len(self.problems) < _MOST_TOLD:
                self.problems.append(problem)


@dataclass
class _Place:
    """How far the verification is: the last place, and the seal of the entry there, if it can be relied on."""

    position: int
    seal: bytes | None


def verify(
    company_id: UUID | None, *, after: int = 0, known: Known | None = None, seconds: float = float("inf")
) -> Verification:
    """Goes through a company's chain (the platform's for None) for at most about so many seconds."""
    until = time.monotonic() + seconds
    found = Verification(company_id, after, checked_through=after)
    chain, place = _begin(company_id, after, known, found)
    while chain is not None:
        page = _next_page(company_id, found.checked_through if found.checked or after else None)
        if not page:
            found.add(_missing_at_the_end(chain, place))
            found.complete = True
            break
        last = _read(company_id) or chain
        found.add(offload(_problems, page, last, place))
        found.checked += len(page)
        found.checked_through = page[-1]["position"]
        if time.monotonic() >= until:
            break
        chain = last
    found.complete = found.complete or chain is None
    return found


def verify_all() -> Iterator[Verification]:
    """Verifies every chain as a whole, one after the other."""
    with transaction(), tenancy.across_companies("the operator verifies all chains"):
        companies = audit_chains.find_companies_across_companies()
    for company_id in companies:
        yield verify(company_id)


def _begin(
    company_id: UUID | None, after: int, known: Known | None, found: Verification
) -> tuple[AuditChain | None, _Place]:
    with transaction():
        tenancy.enter_company(company_id)
        chain = audit_chains.get(company_id=company_id)
        if chain is None:
            if known is not None or audit_entries.last_position(company_id=company_id):
                found.add([Problem(Kind.HEAD_CHANGED, "The chain's own row is gone.")])
            return None, _Place(0, None)
        found.position, found.seal, found.forgotten_through = chain.position, chain.head.hex(), chain.base_position
        if chain.broken_at is not None or chain.seal != audit_chain.seal_of(chain):
            found.add([Problem(Kind.HEAD_CHANGED, "The chain's own row was changed.")])
        if known is not None:
            found.add(_compare(company_id, chain, known))
        if after <= chain.base_position:
            return chain, _Place(chain.base_position, chain.base)
        return chain, _Place(after, audit_entries.seal_at(company_id=company_id, position=after))


def _compare(company_id: UUID | None, chain: AuditChain, known: Known) -> Iterator[Problem]:
    """Of what was forgotten only the last seal is kept."""
    if known.position < chain.base_position:
        return
    is_base = known.position == chain.base_position
    stored = chain.base if is_base else audit_entries.seal_at(company_id=company_id, position=known.position)
    if stored is None or stored.hex() != known.seal.lower():
        yield Problem(Kind.REWRITTEN, "The entry here doesn't have the seal that you know.", known.position)


def _read(company_id: UUID | None) -> AuditChain | None:
    with transaction():
        tenancy.enter_company(company_id)
        return audit_chains.get(company_id=company_id)


def _next_page(company_id: UUID | None, after: int | None) -> Sequence[RowMapping]:
    with transaction():
        tenancy.enter_company(company_id)
        return audit_entries.find_following(company_id=company_id, after=after, limit=_PAGE)


def _problems(page: Sequence[RowMapping], chain: AuditChain, place: _Place) -> list[Problem]:
    return list(_check(page, chain, place))


def _check(page: Sequence[RowMapping], chain: AuditChain, place: _Place) -> Iterator[Problem]:
    """What is wrong with the next entries. `chain` was read after them."""
    for entry in page:
        position, entry_id = entry["position"], entry["id"]
        if position <= chain.base_position:
            # Forgotten meanwhile, or put in where everything is forgotten: sealed ones were there before.
            if audit_seal.seal(chain.key, entry["previous_seal"], entry) != entry["seal"]:
                yield Problem(Kind.INSERTED, "Nobody wrote this entry.", position, entry_id=entry_id)
            place.position, place.seal = max(place.position, position), entry["seal"]
            continue
        if position > place.position + 1:
            yield from _gap(place.position + 1, position - 1, chain)
            place.seal = chain.base if position == chain.base_position + 1 else None
        if audit_seal.seal(chain.key, entry["previous_seal"], entry) != entry["seal"]:
            kind = Kind.INSERTED if position > chain.position else Kind.CHANGED
            detail = "Nobody wrote this entry." if kind is Kind.INSERTED else "This entry is not as it was written."
            yield Problem(kind, detail, position, entry_id=entry_id)
            # What it is sealed with says nothing about the next one.
            place.position, place.seal = position, None
            continue
        if place.seal is not None and entry["previous_seal"] != place.seal:
            yield Problem(Kind.MOVED, "This entry doesn't follow on the one before it.", position, entry_id=entry_id)
        place.position, place.seal = position, entry["seal"]


def _gap(first: int, last: int, chain: AuditChain) -> Iterator[Problem]:
    first = max(first, chain.base_position + 1)  # what was forgotten meanwhile is not missing
    if first <= last:
        yield Problem(Kind.REMOVED, "These entries are gone." if first < last else "This entry is gone.", first, last)


def _missing_at_the_end(chain: AuditChain, place: _Place) -> Iterator[Problem]:
    if place.position < chain.position:
        yield from _gap(place.position + 1, chain.position, chain)
