"""What a worker has ready before the first rush."""

from types import SimpleNamespace

import pytest
from celery.concurrency.thread import TaskPool

from app.tasks import warm_up


def _consume(monkeypatch: pytest.MonkeyPatch, queue: str) -> None:
    queues = SimpleNamespace(consume_from={queue: None})
    monkeypatch.setattr(warm_up, "celery", SimpleNamespace(amqp=SimpleNamespace(queues=queues)))


@pytest.mark.parametrize(("queue", "limit", "threads"), [("chat", 8, 8), ("chat", 256, 64), ("webhooks", 8, 0)])
def test_threads_for_a_rush_of_turns_are_there(
    monkeypatch: pytest.MonkeyPatch, queue: str, limit: int, threads: int
) -> None:
    _consume(monkeypatch, queue)
    pool = TaskPool(limit=limit)
    try:
        warm_up._start_threads(SimpleNamespace(pool=pool))
        assert pool.info["threads"] == threads
        pool.executor.submit(int).result(10)  # none of them stays taken
    finally:
        pool.executor.shutdown()


def test_a_worker_of_processes_has_no_threads_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    _consume(monkeypatch, "chat")
    warm_up._start_threads(SimpleNamespace(pool=SimpleNamespace(limit=2)))
