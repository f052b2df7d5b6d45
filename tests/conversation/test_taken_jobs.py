"""How many jobs a worker takes, with a real worker on the project's configuration and a real broker."""

import threading
from collections.abc import Iterator

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from flask import Flask

from app.extensions import celery as configured
from app.jobs import Queue
from app.tasks import ContextTask

_PATIENCE = 10.0


@pytest.fixture
def broker(app: Flask) -> Iterator[Celery]:
    """An application of its own with the project's configuration, so that no task of the project is called."""
    assert app
    changed = dict(configured.conf.changes) | {"broker_connection_retry_on_startup": False}
    own = Celery("taken", set_as_current=False, changes=changed)
    yield own
    own.close()


def test_a_worker_with_no_place_left_leaves_jobs_to_others(broker: Celery) -> None:
    running, may_end = threading.Event(), threading.Event()

    @broker.task(name="taken.wait")
    def wait() -> None:
        running.set()
        may_end.wait(_PATIENCE)

    def send() -> None:
        wait.apply_async(queue=Queue.CHAT.value)

    with (
        broker.connection_for_read() as connection,
        start_worker(broker, pool="threads", concurrency=1, queues=[Queue.CHAT.value], perform_ping_check=False),
    ):
        try:
            send()
            assert running.wait(_PATIENCE)
            send()
            # Another worker, as it were. The first one asked before it, and would be given the job.
            with connection.SimpleQueue(broker.amqp.queues[Queue.CHAT.value]) as other:
                assert other.get(timeout=_PATIENCE).headers["task"] == "taken.wait"
        finally:
            may_end.set()


def test_a_task_that_ends_the_thread_frees_its_place(broker: Celery) -> None:
    ran = threading.Event()

    @broker.task(name="taken.end", base=ContextTask)
    def end() -> None:
        raise SystemExit

    @broker.task(name="taken.run", base=ContextTask)
    def run() -> None:
        ran.set()

    with start_worker(broker, pool="threads", concurrency=1, queues=[Queue.CHAT.value], perform_ping_check=False):
        end.apply_async(queue=Queue.CHAT.value)
        run.apply_async(queue=Queue.CHAT.value)
        assert ran.wait(_PATIENCE)
