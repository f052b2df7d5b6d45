"""Every job has a task, every task a job, every queue a worker."""

import importlib
import pkgutil
from pathlib import Path

import pytest

from app import tasks
from app.extensions import celery
from app.jobs import QUEUES, JobName, Queue
from launcher.application import process_commands
from tests.guards import rules
from tests.guards.rules import PROJECT

JOBS = [job.value for job in JobName]
QUEUE_NAMES = [queue.value for queue in Queue]


def _registered() -> list[str]:
    for module in pkgutil.iter_modules(tasks.__path__, "app.tasks."):
        importlib.import_module(module.name)
    return list(celery.tasks)


def _deployments() -> dict[str, str]:
    """How each way to run Frontdesk starts its workers. Those of compose.yaml go through scripts/container."""
    read = {name: (PROJECT / name).read_text("utf-8") for name in ("scripts/container", "README.md")}
    return {"launcher": " ".join(" ".join(each) for each in process_commands().values()), **read}


def test_every_job_has_a_task_and_every_task_a_job() -> None:
    assert rules.jobs_without_tasks(JOBS, _registered()) == []


def test_finds_a_job_without_a_task_and_a_task_without_a_job() -> None:
    assert rules.jobs_without_tasks(["a", "b"], ["b", "c", "celery.chain"]) == ["a: no task", "c: no job"]


def test_the_worker_loads_every_task() -> None:
    assert rules.unimported_modules(Path(tasks.__path__[0]), "celery.", PROJECT / "celery_worker.py") == []


def test_finds_a_task_that_the_worker_does_not_load(tmp_path: Path) -> None:
    (tmp_path / "mail.py").write_text("@celery.task()\ndef send(): ...\n")
    (tmp_path / "worker.py").write_text("from app.tasks import housekeeping\n")
    assert rules.unimported_modules(tmp_path, "celery.", tmp_path / "worker.py") == ["mail"]


def test_every_job_has_a_queue() -> None:
    assert set(QUEUES) == set(JobName)
    assert set(QUEUES.values()) <= set(Queue)


def test_every_queue_has_a_worker() -> None:
    assert rules.unconsumed_queues(QUEUE_NAMES, _deployments()) == []


@pytest.mark.parametrize(
    ("command", "consumed"),
    [
        ("celery worker -Q default,slow -n x", {"default", "slow"}),
        ("celery worker --queues=default --loglevel INFO", {"default"}),
        ('command: ["celery", "worker", "-Q", "default,slow"]', {"default", "slow"}),
        ("celery worker -Q default\n  celery worker -Q slow", {"default", "slow"}),
        ("celery worker -q quiet", set()),
        ("celery worker", set()),
    ],
)
def test_finds_a_queue_without_a_worker(command: str, consumed: set[str]) -> None:
    found = rules.unconsumed_queues(["default", "slow"], {"here": command})
    assert found == [f"here: nobody consumes {queue}" for queue in ("default", "slow") if queue not in consumed]


def test_the_timetable_names_jobs_that_exist(app: object) -> None:
    assert celery.conf.beat_schedule
    assert rules.unknown_schedules(celery.conf.beat_schedule, JOBS, QUEUE_NAMES) == []


def test_finds_a_timetable_of_jobs_that_do_not_exist() -> None:
    timetable = {
        "fine": {"task": "a", "schedule": 1.0},
        "fine, too": {"task": "a", "schedule": 1.0, "options": {"queue": "default", "expires": 1}},
        "gone": {"task": "b", "schedule": 1.0},
        "nowhere": {"task": "a", "schedule": 1.0, "options": {"queue": "slow"}},
    }
    assert rules.unknown_schedules(timetable, ["a"], ["default"]) == ["gone: b", "nowhere: a"]
