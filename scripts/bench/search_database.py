"""The database of `scripts/bench/search`: an embedded Postgres, filled as its owner."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import numpy as np
import psycopg2
from installation import ROOT
from search_corpus import DIMENSION, SPACE, Company, Corpus

_SETTINGS = {
    "shared_buffers": "2GB",
    "maintenance_work_mem": "2GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "autovacuum": "off",
}
_TABLES = ("companies", "agents", "documents", "chunks", "chunk_embeddings")
# Built after the load, as an operator who restores a backup would have it.
_LATE = ("ix_chunks_search", f"ix_chunk_embeddings_hnsw_{DIMENSION}")
_BATCH = 32


class Database:
    """An embedded Postgres below a folder, migrated, for the time of the block. `cursor` is the owner's."""

    def __init__(self, folder: Path) -> None:
        from launcher.postgres import EmbeddedPostgres

        self.folder = folder
        self._complete = folder / "companies.json"
        self.postgres = EmbeddedPostgres(folder / "postgres", "bench-owner", settings=_SETTINGS)

    def __enter__(self) -> Self:
        self.postgres.start()
        self.environment = {
            "DATABASE_URL": self.postgres.url("frontdesk"),
            "DATABASE_STATEMENT_TIMEOUT_MS": "120000",
            "REDIS_URL": "redis://127.0.0.1:1/0",  # a search needs none
            "SECRET_KEYS": "a key for benchmarks only of 32 characters",
            "DATA_DIR": str(self.folder / "data"),
            "LOG_LEVEL": "ERROR",
        }
        prepare = [sys.executable, "-m", "flask", "--app", "app", "prepare"]
        subprocess.run(prepare, cwd=ROOT, env={**os.environ, **self.environment}, check=True, stdout=subprocess.DEVNULL)
        self._connect()
        self.cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = ANY(%s)", (list(_LATE),))
        # "ONLY" would leave the partitions without.
        self._late = [row[0].replace(" ON ONLY ", " ON ") for row in self.cursor.fetchall()]
        return self

    def __exit__(self, *_: object) -> None:
        self._owner.close()
        self.postgres.stop()

    def fill(self, corpus: Corpus, kinds: Mapping[str, Sequence[Company]]) -> dict[str, float]:
        """Replaces everything. Seconds that loading and building took, and sizes in MB."""
        took: dict[str, float] = {}
        companies = [each for several in kinds.values() for each in several]
        self._do(f"TRUNCATE {', '.join(_TABLES)} CASCADE", *(f"DROP INDEX IF EXISTS {name}" for name in _LATE))
        self.add_companies(companies)
        took["load_s"] = _seconds(lambda: corpus.fill(self._owner, companies))
        workers = 1 if _shared_memory() > 3e9 else 0
        self._do(f"SET max_parallel_maintenance_workers = {workers}")
        for definition in self._late:
            name = "vector_index" if "hnsw" in definition else "word_index"
            took[f"{name}_s"] = _seconds(lambda statement=definition: self._do(statement))
        took["vacuum_s"] = _seconds(self._vacuum)
        took |= self._sizes()
        identities = {
            name: [(each.size, str(each.id), str(each.agent_id)) for each in several] for name, several in kinds.items()
        }
        self._complete.write_text(json.dumps(identities))
        return {name: round(value, 1) for name, value in took.items()}

    def kept(self) -> dict[str, list[Company]] | None:
        """The companies that an earlier call filled it with, by what is said of them; None if none did to the end."""
        if not self._complete.exists():
            return None
        return {
            name: [Company(size, UUID(company), UUID(agent)) for size, company, agent in several]
            for name, several in json.loads(self._complete.read_text()).items()
        }

    def restore(self) -> dict[str, float]:
        """Undoes what the earlier call spoilt. Sizes in MB."""
        self._do(
            "UPDATE documents SET deleted_at = NULL WHERE deleted_at IS NOT NULL",
            f"DELETE FROM chunk_embeddings WHERE space <> '{SPACE}'",
        )
        self._vacuum()
        return {name: round(value, 1) for name, value in self._sizes().items()}

    def cool(self) -> None:
        """Empties Postgres' buffers and the machine's cache of its files."""
        self._owner.close()
        self.postgres.stop()
        for file in (self.folder / "postgres" / "base").rglob("*"):
            if file.is_file():
                descriptor = os.open(file, os.O_RDONLY)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)
        self.postgres.start()
        self._connect()

    def add_companies(self, companies: Iterable[Company]) -> None:
        """Companies and their agents, without documents."""
        for company in companies:
            identity = (str(company.id), company.id.hex, f"{company.id.hex}@bench.example")
            self.cursor.execute("INSERT INTO companies (id, name, email) VALUES (%s, %s, %s)", identity)
            agent = (str(company.agent_id), str(company.id))
            self.cursor.execute("INSERT INTO agents (id, company_id, name) VALUES (%s, %s, 'bench')", agent)
        self._owner.commit()

    def delete(self, company: Company, part: float) -> None:
        """Deletes this part of the company's documents, as the application does: softly."""
        self._do(
            f"UPDATE documents SET deleted_at = now() WHERE company_id = '{company.id}'"
            f" AND deleted_at IS NULL AND abs(hashtext(id::text)) % 1000 < {part * 1000:.0f}"
        )
        self._vacuum()

    def insert_rate(self, corpus: Corpus, batches: int = 30) -> float:
        """Vectors a second, inserted as ingestion does it: 32 in a transaction, every index kept."""
        self.cursor.execute("SELECT id, company_id, agent_id FROM chunks LIMIT %s", (batches * _BATCH,))
        chunks = self.cursor.fetchall()
        vectors = corpus.vectors(np.resize(np.arange(100), len(chunks)), np.zeros((len(chunks), DIMENSION)))
        rows = [
            (*chunk, "[" + ",".join(f"{value:.5g}" for value in vector) + "]")
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        started = time.perf_counter()
        for at in range(0, len(rows), _BATCH):
            self.cursor.execute(
                "INSERT INTO chunk_embeddings (chunk_id, space, company_id, agent_id, dimension, vector)"
                " SELECT chunk, 'bench/other/384', company, agent, %s, vector::halfvec"
                " FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[]) AS r (chunk, company, agent, vector)",
                (DIMENSION, *map(list, zip(*rows[at : at + _BATCH], strict=True))),
            )
            self._owner.commit()
        return len(rows) / (time.perf_counter() - started)

    def memory(self) -> float:
        """Proportional memory of all Postgres processes, with their shares of the buffers, in MB."""
        total = 0
        for each in [self.postgres.pid, *_children(self.postgres.pid)]:
            try:
                rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
            except OSError:
                continue
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        return total / 1024

    def _sizes(self) -> dict[str, float]:
        """Of tables and indexes with their partitions, in MB."""
        sizes = {}
        for name in ("chunks", "chunk_embeddings", *_LATE):
            self.cursor.execute(
                "SELECT coalesce(sum(pg_table_size(relid)), pg_table_size(%(name)s)) / 1e6"
                " FROM pg_partition_tree(%(name)s)",
                {"name": name},
            )
            sizes[f"{name}_mb"] = float(self.cursor.fetchone()[0])
        self._owner.commit()
        return sizes

    def _connect(self) -> None:
        self._owner = psycopg2.connect(self.environment["DATABASE_URL"])
        self.cursor = self._owner.cursor()

    def _do(self, *statements: str) -> None:
        for statement in statements:
            self.cursor.execute(statement)
        self._owner.commit()

    def _vacuum(self) -> None:
        self._owner.commit()
        self._owner.autocommit = True
        for table in _TABLES:
            self.cursor.execute(f"VACUUM ANALYZE {table}")
        self._owner.autocommit = False


def _seconds(action: Any) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _shared_memory() -> int:
    state = os.statvfs("/dev/shm")
    return state.f_bavail * state.f_frsize


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
