"""How the tables of a customer's database refer to one another: declared keys, and guesses that values bear out."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from app.core import tenancy
from app.core.ids import new_id
from app.core.transaction import transaction
from app.models.database_connection import AnalysisStage
from app.repositories import database_catalogue
from app.repositories.database_catalogue import KnownRelation
from app.services.database_findings import Findings, Place
from app.textsql import infer
from app.textsql.infer import Guess

# A table and columns of it.
Columns = tuple[Place, Sequence[str]]

# Each look-up is one by a key; in a schema of a thousand tables there may be thousands.
_MOST_LOOKUPS = 4_000
_LOOKUP_SECONDS = 60.0


def store(findings: Findings, database: Connection, guesses: Sequence[Guess]) -> None:
    """Stores the relations of a database in place of those that it had. A guess about tables that haven't changed
    stays as it was found."""
    company_id, connection_id = findings.stored.company_id, findings.stored.id
    with transaction():
        tenancy.enter_company(company_id)
        known = database_catalogue.find_relations(company_id=company_id, connection_id=connection_id)
    rows = [*_declared(findings), *_inferred(findings, database, guesses, known)]
    with findings.lease.storing():
        database_catalogue.replace_relations(company_id=company_id, connection_id=connection_id, rows=rows)


def _declared(findings: Findings) -> Iterator[dict[str, Any]]:
    for place, table in findings.tables.items():
        for key in table.foreign_keys:
            target = (key.target_schema or "", key.target_table)
            yield _row(findings.ids, (place, key.columns), (target, key.target_columns), key.confidence, "declared")


def _inferred(
    findings: Findings, database: Connection, guesses: Sequence[Guess], known: Sequence[KnownRelation]
) -> Iterator[dict[str, Any]]:
    """For each column the target that is surest after its values were looked up."""
    changed = set(findings.changed)
    kept = {(each.table_id, each.columns[0]): each for each in known if each.evidence != "declared" and each.columns}
    end, lookups = time.monotonic() + _LOOKUP_SECONDS, 0
    best: dict[tuple[Place, str], tuple[float, Guess, str]] = {}
    for done, each in enumerate(guesses):
        place, target = (each.table[0] or "", each.table[1]), (each.target[0] or "", each.target[1])
        if place not in changed:
            earlier = kept.get((findings.ids[place], each.column))
            if earlier is not None and earlier.target_table_id == findings.ids[target]:
                best[place, each.column] = (earlier.confidence, each, earlier.evidence)
            continue
        values = findings.compared.get((place, each.column), ())
        if values and (lookups >= _MOST_LOOKUPS or time.monotonic() > end):
            values = ()
        lookups += bool(values)
        confidence = _look_up(findings, database, each, values)
        if confidence is not None and confidence > best.get((place, each.column), (0.0,))[0]:
            best[place, each.column] = (confidence, each, "names and values" if values else "names")
        findings.lease.beat(AnalysisStage.SAMPLING, done, len(guesses))
    database.rollback()
    for (place, column), (confidence, each, evidence) in best.items():
        target = (each.target[0] or "", each.target[1])
        yield _row(findings.ids, (place, (column,)), (target, (each.target_column,)), confidence, evidence)


def _look_up(findings: Findings, database: Connection, each: Guess, values: Sequence[str]) -> float | None:
    try:
        return infer.confirm(database, each, values, findings.target.dialect)
    except Exception as error:
        findings.failure_of(error)
        database.rollback()
        return each.confidence


def _row(ids: Mapping[Place, UUID], own: Columns, target: Columns, confidence: float, evidence: str) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "table_id": str(ids[own[0]]),
        "columns": own[1],
        "target_table_id": str(ids[target[0]]),
        "target_columns": target[1],
        "confidence": confidence,
        "evidence": evidence,
    }
