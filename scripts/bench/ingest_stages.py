"""Where the time of ingestion goes: runs attempts at documents in this process, with clocks around the functions that
make up each stage. Started by `ingest` with an installation's environment; prints one line of JSON per document.

usage: ingest_stages.py [--profile] POSTMASTER_PID COMPANY_ID DOCUMENT_ID...
"""

import argparse
import cProfile
import json
import pstats
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import celery_worker
from app.repositories import chunk_embeddings, chunks, documents
from app.services import ingestion, ingestion_stages, passage_storage, passage_vectors

FETCH, EXTRACT, CHUNK, EMBED = "file", "extraction", "chunking", "embedding"
WORDS, ROWS, VECTORS, SWITCH, REST = "languages, words", "passages (GIN)", "vectors (HNSW)", "switch", "leases, commits"


class Clock:
    """Seconds and CPU seconds by stage; a stage stops the clock of the one around it."""

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster
        self._stack = [REST]
        self.spent: dict[str, dict[str, float]] = {}
        self.start()

    def start(self) -> None:
        """From here on."""
        self.spent = defaultdict(lambda: dict.fromkeys(self._now(), 0.0))
        self._last = self._now()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """The block belongs to the stage."""
        self.turn()
        self._stack.append(name)
        try:
            yield
        finally:
            self.turn()
            self._stack.pop()

    def turn(self) -> None:
        """Books what has passed to the stage that is on."""
        at = self._now()
        for key, value in at.items():
            self.spent[self._stack[-1]][key] += value - self._last[key]
        self._last = at

    def around(self, owner: Any, name: str, stage: str) -> None:
        """Puts the clock around a function of a module or class."""
        function = getattr(owner, name)

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.stage(stage):
                return function(*args, **kwargs)

        setattr(owner, name, timed)

    def _now(self) -> dict[str, float]:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {
            "seconds": time.monotonic(),
            "cpu": time.process_time(),
            "child_cpu": children.ru_utime + children.ru_stime,
            "database_cpu": sum(map(_cpu, _children(self._postmaster))),
        }


def put_clocks(clock: Clock) -> None:
    """Around everything of which a document's attempt consists."""
    cut: Callable[..., Iterator[Any]] = ingestion_stages._cut
    ingestion_stages._cut = lambda *args: list(cut(*args))  # or it would run in the stage of whoever consumes it
    for owner, name, stage in (
        (ingestion_stages, "bring", FETCH),
        (ingestion_stages, "detect", FETCH),
        (ingestion_stages, "extract", EXTRACT),
        (ingestion_stages, "_cut", CHUNK),
        (passage_vectors, "make", EMBED),
        (passage_storage, "_rows", WORDS),
        (passage_storage, "PassageLanguages", WORDS),
        (chunks, "add_many", ROWS),
        (chunk_embeddings, "add_many", VECTORS),
        (passage_storage, "_switch", SWITCH),
    ):
        clock.around(owner, name, stage)


def attempt(clock: Clock, company_id: UUID, document_id: UUID) -> dict[str, Any]:
    """One attempt at a document, and what it took."""
    clock.start()
    ingestion.ingest(company_id=company_id, document_id=document_id)
    clock.turn()
    return {"stages": {name: dict(spent) for name, spent in clock.spent.items()}, **_result(company_id, document_id)}


def _result(company_id: UUID, document_id: UUID) -> dict[str, Any]:
    from app.core import tenancy
    from app.core.transaction import transaction

    with transaction():
        tenancy.enter_company(company_id)
        found = documents.get(company_id=company_id, document_id=document_id)
        assert found
        if found.status != "processed":
            raise SystemExit(f"{found.filename}: {found.status} {found.error}")
        return {"pages": found.page_count, "characters": found.character_count, "chunks": found.chunk_count}


def _cpu(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("postmaster", type=int)
    parser.add_argument("company", type=UUID)
    parser.add_argument("documents", type=UUID, nargs="+")
    options = parser.parse_args()
    clock = Clock(options.postmaster)
    put_clocks(clock)
    profile = cProfile.Profile()
    with celery_worker.application.app_context():
        for number, document_id in enumerate(options.documents):
            if options.profile and number:  # the first one warms up
                profile.enable()
            result = attempt(clock, options.company, document_id)
            profile.disable()
            print(json.dumps(result), flush=True)
    if options.profile:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
