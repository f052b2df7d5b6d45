"""The figures counted again in Python, from the raw rows one by one: a second opinion on the rollups."""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import Base

NOBODY = UUID(int=0)
Counts = dict[tuple[Any, ...], Any]


def stored(database: Session, company_id: UUID, table: str, *measures: str) -> dict[str, Counts]:
    """What a rollup table says: by measure, by key."""
    columns = Base.metadata.tables[table].c
    key = [column.name for column in columns if column.primary_key and column.name != "company_id"]
    rows = database.execute(select(columns).where(columns.company_id == company_id)).mappings().all()
    return {
        measure: {tuple(row[name] for name in key): row[measure] for row in rows if row[measure]}
        for measure in measures
    }


def raw(database: Session, company_id: UUID, table: str) -> list[Any]:
    """Rows of a table."""
    columns = Base.metadata.tables[table].c
    return list(database.execute(select(columns).where(columns.company_id == company_id)).mappings())


def quarter(at: datetime) -> datetime:
    """The quarter of an hour that a moment is in."""
    at = at.astimezone(UTC)
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def day(at: datetime) -> datetime:
    """The UTC day that a moment is in."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def bin_of(milliseconds: float) -> int:
    """The bin of a histogram."""
    return math.floor(math.log2(max(milliseconds, 0.125)) * 8)


def agents(database: Session, company_id: UUID) -> dict[str, Counts]:
    """`agent_rollups` from the raw rows."""
    talks = {row["id"]: row for row in raw(database, company_id, "conversations")}
    counts: dict[str, Counter[tuple[Any, ...]]] = {}

    def count(measure: str, at: datetime, agent_id: UUID, number: int = 1) -> None:
        counts.setdefault(measure, Counter())[(quarter(at), agent_id)] += number

    for talk in talks.values():
        if talk["deleted_at"] is None:
            count("conversations", talk["created_at"], talk["agent_id"])
    for said in raw(database, company_id, "messages"):
        if said["deleted_at"] is None:
            agent_id = talks[said["conversation_id"]]["agent_id"]
            for measure in _measures_of(said):
                count(measure, said["created_at"], agent_id)
    for turn in raw(database, company_id, "turns"):
        count("turns", turn["created_at"], turn["agent_id"])
        if turn["status"] == "failed":
            count("failed", turn["created_at"], turn["agent_id"])
        if turn["status"] == "completed":
            count(turn["outcome"], turn["created_at"], turn["agent_id"])
            count(
                "response_ms",
                turn["created_at"],
                turn["agent_id"],
                round((turn["finished_at"] - turn["created_at"]) / timedelta(milliseconds=1)),
            )
    for question in raw(database, company_id, "unanswered_questions"):
        count("unanswered", question["created_at"], question["agent_id"])
        if question["resolved_at"] is None:
            count("unanswered_open", question["created_at"], question["agent_id"])
    return {measure: dict(counter) for measure, counter in counts.items()}


def _measures_of(message: Any) -> Iterator[str]:
    if message["role"] == "user":
        yield "visitor_messages"
        return
    yield "agent_messages"
    if message["metadata"].get("handover_offered"):
        yield "handovers_offered"
    if message["feedback_rating"]:
        yield f"feedback_{message['feedback_rating']}"


def leads(database: Session, company_id: UUID) -> dict[str, Counts]:
    """`lead_rollups` from the raw rows."""
    conversed = {row["lead_id"] for row in raw(database, company_id, "conversations") if row["deleted_at"] is None}
    counts: dict[str, Counter[tuple[Any, ...]]] = {"leads": Counter(), "conversed": Counter()}
    for lead in raw(database, company_id, "leads"):
        if lead["deleted_at"] is None:
            key = (
                quarter(lead["created_at"]),
                lead["source"] or "unknown",
                lead["agent_id"] or NOBODY,
                lead["status"],
            )
            counts["leads"][key] += 1
            counts["conversed"][key] += lead["id"] in conversed
    return {measure: {key: n for key, n in counter.items() if n} for measure, counter in counts.items()}


def costs(database: Session, company_id: UUID) -> dict[str, Counts]:
    """`cost_rollups` from the raw rows."""
    counts: dict[str, dict[tuple[Any, ...], Any]] = {
        name: {} for name in ("calls", "failed", "input_tokens", "output_tokens", "cost")
    }
    for call in raw(database, company_id, "model_calls"):
        key = (
            quarter(call["created_at"]),
            call["agent_id"] or NOBODY,
            call["provider"],
            call["model"],
            call["kind"],
            call["currency"],
        )
        for name, number in (
            ("calls", 1),
            ("failed", int(call["outcome"] != "ok")),
            ("input_tokens", call["input_tokens"]),
            ("output_tokens", call["output_tokens"]),
            ("cost", Decimal(call["cost"])),
        ):
            counts[name][key] = counts[name].get(key, 0) + number
    return {name: {key: n for key, n in counter.items() if n} for name, counter in counts.items()}


def calls(database: Session, company_id: UUID) -> dict[str, Counts]:
    """`call_rollups` from the raw rows."""
    names = ("requests", "client_errors", "server_errors", "rate_limited", "duration_us")
    counts: dict[str, Counter[tuple[Any, ...]]] = {name: Counter() for name in names}
    minutes: Counter[tuple[Any, ...]] = Counter()
    for call in raw(database, company_id, "api_requests"):
        key = (quarter(call["created_at"]), call["caller_kind"], call["api_key_id"] or NOBODY, call["category"])
        minutes[(key, call["created_at"].astimezone(UTC).replace(second=0, microsecond=0))] += 1
        counts["requests"][key] += 1
        counts["client_errors"][key] += 400 <= call["status"] < 500
        counts["server_errors"][key] += call["status"] >= 500
        counts["rate_limited"][key] += call["status"] == 429
        counts["duration_us"][key] += round(call["duration_ms"] * 1000)
    found: dict[str, Counts] = {name: {k: n for k, n in counter.items() if n} for name, counter in counts.items()}
    peaks: Counts = {}
    for (key, _), number in minutes.items():
        peaks[key] = max(number, peaks.get(key, 0))
    return {**found, "peak_minute": peaks}


def endpoints(database: Session, company_id: UUID, before: datetime) -> dict[str, Counts]:
    """`endpoint_rollups` from the raw rows of the days before a moment."""
    requests: Counter[tuple[Any, ...]] = Counter()
    durations: Counter[tuple[Any, ...]] = Counter()
    for call in raw(database, company_id, "api_requests"):
        if call["created_at"] < before:
            rest = [call[name] or "" for name in ("error_code", "category", "scope", "resource")]
            key = (
                day(call["created_at"]),
                call["api_key_id"] or NOBODY,
                call["method"],
                call["endpoint"],
                call["status"],
                *rest,
            )
            requests[key] += 1
            durations[key] += round(call["duration_ms"] * 1000)
    return {"requests": dict(requests), "duration_us": {k: n for k, n in durations.items() if n}}


def call_timings(database: Session, company_id: UUID, before: datetime) -> dict[str, Counts]:
    """`call_timings` from the raw rows of the days before a moment."""
    times: Counter[tuple[Any, ...]] = Counter()
    for call in raw(database, company_id, "api_requests"):
        if call["created_at"] < before:
            at, number = day(call["created_at"]), bin_of(call["duration_ms"])
            times[("key", at, str(call["api_key_id"] or NOBODY), number)] += 1
            times[("endpoint", at, f"{call['method']} {call['endpoint']}", number)] += 1
    return {"times": dict(times)}


def answer_timings(database: Session, company_id: UUID, before: datetime) -> dict[str, Counts]:
    """`answer_timings` from the raw rows of the days before a moment."""
    reached = {"queued": "started_at", "first_token": "first_delta_at", "response": "finished_at"}
    times: Counter[tuple[Any, ...]] = Counter()
    for turn in raw(database, company_id, "turns"):
        if turn["status"] == "completed" and turn["created_at"] < before:
            for measure, column in reached.items():
                if turn[column] is not None:
                    took = (turn[column] - turn["created_at"]) / timedelta(milliseconds=1)
                    times[(day(turn["created_at"]), turn["agent_id"], measure, bin_of(took))] += 1
    return {"times": dict(times)}


def citations(database: Session, company_id: UUID, before: datetime) -> dict[str, Counts]:
    """`citation_rollups` from the raw rows of the days before a moment."""
    talks = {row["id"]: row for row in raw(database, company_id, "conversations")}
    answers: Counter[tuple[Any, ...]] = Counter()
    for said in raw(database, company_id, "messages"):
        live = said["deleted_at"] is None
        if live and said["role"] == "assistant" and said["created_at"] < before:
            for document in {each["document_id"] for each in said["citations"]}:
                agent_id = talks[said["conversation_id"]]["agent_id"]
                answers[(agent_id, day(said["created_at"]), UUID(document))] += 1
    return {"answers": dict(answers)}


def questions(database: Session, company_id: UUID, before: datetime) -> Counter[tuple[Any, ...]]:
    """How often each question was asked, by agent and day, before a moment; without the hashes."""
    talks = {row["id"]: row for row in raw(database, company_id, "conversations")}
    times: Counter[tuple[Any, ...]] = Counter()
    for said in raw(database, company_id, "messages"):
        live = said["deleted_at"] is None
        if live and said["role"] == "user" and said["created_at"] < before:
            folded = "".join(each if each.isalnum() else " " for each in said["content"].lower())
            agent_id = talks[said["conversation_id"]]["agent_id"]
            times[(agent_id, day(said["created_at"]), " ".join(folded.split()))] += 1
    return times
