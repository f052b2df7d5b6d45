"""The rollups agree to the unit with the raw rows, whatever is written meanwhile."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.tenancy import ACROSS
from app.services import rollups
from tests.agent.rows import add_agent
from tests.cast import Cast
from tests.dashboard import recount
from tests.dashboard.writes import Writer

_SEVERAL = 3
_STEPS = 60


def agree(database: Session, company_id: UUID) -> None:
    """Every table says what the raw rows say."""
    database.rollback()
    over = recount.day(datetime.now(UTC))
    expected: dict[str, dict[str, Any]] = {
        "agent_rollups": recount.agents(database, company_id),
        "lead_rollups": recount.leads(database, company_id),
        "cost_rollups": recount.costs(database, company_id),
        "call_rollups": recount.calls(database, company_id),
        "endpoint_rollups": recount.endpoints(database, company_id, over),
        "call_timings": recount.call_timings(database, company_id, over),
        "answer_timings": recount.answer_timings(database, company_id, over),
        "citation_rollups": recount.citations(database, company_id, over),
    }
    for table, counts in expected.items():
        assert recount.stored(database, company_id, table, *counts) == counts, table
    asked = recount.questions(database, company_id, over)
    (times,) = recount.stored(database, company_id, "question_rollups", "times").values()
    # What the hash is nobody can tell; how many there are and how often each was asked, they can.
    assert sorted((agent, at, n) for (agent, at, _), n in times.items()) == sorted(
        (agent, at, n) for (agent, at, _), n in asked.items()
    )


def _write(engine: Any, cast: Cast, agents: list[UUID], seed: int) -> None:
    with Session(engine, info={ACROSS: "tests write for a company"}) as session:
        writer = Writer(session, cast.acme, agents, datetime.now(UTC), seed)
        for _ in range(_STEPS):
            writer.step()


def test_they_agree_after_writes_at_the_same_time(app: Flask, database: Session, cast: Cast, _owner: Any) -> None:
    agents = [add_agent(database, cast.acme, name=f"Agent {n}").id for n in range(2)]
    failed: list[BaseException] = []

    def write(seed: int) -> None:
        try:
            _write(_owner, cast, agents, seed)
        except BaseException as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(_SEVERAL)]
    for thread in writers:
        thread.start()
    # Counted again and again while they write, as the worker and whoever looks at the figures do.
    while any(thread.is_alive() for thread in writers):
        with app.app_context():
            rollups.refresh_all()
    assert failed == []
    with app.app_context():
        rollups.refresh_all()
    agree(database, cast.acme)


def test_a_row_that_is_committed_late_is_counted(app: Flask, database: Session, cast: Cast, _owner: Any) -> None:
    agent = add_agent(database, cast.acme).id
    with Session(_owner, info={ACROSS: "a slow transaction"}) as slow:
        writer = Writer(slow, cast.acme, [agent], datetime.now(UTC) - timedelta(days=2), 1)
        writer._ask()
        slow.flush()
        quick = Writer(database, cast.acme, [agent], datetime.now(UTC) - timedelta(days=2), 1)
        quick._call_api()
        database.commit()
        with app.app_context():
            rollups.refresh_all()
        slow.commit()
    with app.app_context():
        assert rollups.refresh_all() == 1
    agree(database, cast.acme)


def test_refreshing_twice_changes_nothing(app: Flask, database: Session, cast: Cast, _owner: Any) -> None:
    _write(_owner, cast, [add_agent(database, cast.acme).id], 7)
    with app.app_context():
        assert rollups.refresh_all() == 1
        assert rollups.refresh_all() == 0
    agree(database, cast.acme)


@pytest.mark.parametrize("harm", ["DELETE FROM {}", "UPDATE {} SET at = at - interval '400 days'"])
def test_they_can_be_rebuilt(app: Flask, database: Session, cast: Cast, _owner: Any, harm: str) -> None:
    _write(_owner, cast, [add_agent(database, cast.acme).id], 11)
    with app.app_context():
        rollups.refresh_all()
    for table in ("agent_rollups", "endpoint_rollups", "lead_rollups", "rollup_marks"):
        database.execute(text(harm.format(table)))
    database.commit()
    answer = app.test_cli_runner().invoke(args=["analytics", "rebuild"])
    assert answer.output == "rebuilt 2 companies\n"
    agree(database, cast.acme)


def test_a_day_is_counted_when_it_is_over(
    app: Flask, database: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(database, cast.acme, [add_agent(database, cast.acme).id], datetime.now(UTC), 3)
    writer._call_api()
    database.commit()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with app.app_context():
        rollups.refresh_all()
        monkeypatch.setattr(rollups, "now", lambda: tomorrow)
        assert rollups.refresh_all() == 1
        assert rollups.refresh_all() == 0
    database.rollback()
    counts = recount.endpoints(database, cast.acme, tomorrow)
    assert recount.stored(database, cast.acme, "endpoint_rollups", *counts) == counts
