"""Celery tasks: a few lines each around one service call, in an application context."""

import threading
from collections.abc import Callable
from typing import Any

from celery import Task
from kombu.entity import Exchange
from kombu.entity import Queue as BrokerQueue
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from app.config import Settings
from app.core import broker
from app.core.logging import request_id
from app.extensions import celery
from app.jobs import JobName, Queue
from app.services import runtime_settings

# The scheduler waits for a Redis that is away, for as long as it takes. By default it ends at the first broken
# connection, so that nothing is swept until somebody starts it again, and waits forever for a Redis that hangs.
_SCHEDULERS_REDIS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "retry": Retry(ExponentialBackoff(cap=2, base=0.1), retries=-1),
}


class ContextTask(Task):
    """A task that runs in the application context of its process."""

    app_context: Callable[[], Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the body; logs of it carry the task's id as the request id."""
        request_id.set(self.request.id)
        with ContextTask.app_context():
            runtime_settings.keep_current()
            try:
                return self.run(*args, **kwargs)
            except Exception:
                raise
            except BaseException as error:
                if threading.current_thread() is threading.main_thread():
                    raise  # a process of its own, which is to end
                # Celery would count it as running for ever (`worker_disable_prefetch`), and say nothing.
                raise RuntimeError(f"a task ended by {error!r}") from error


def _queue(queue: Queue) -> BrokerQueue:
    """Messages that wake a worker for a turn are not acknowledged: that cost as much as all else before the first word,
    and what a killed worker had taken is found in Postgres, by the sweep, long before Redis would give it out again."""
    name = queue.value
    return BrokerQueue(name, Exchange(name), routing_key=name, no_ack=queue is Queue.CHAT)


def bind_celery(app_context: Callable[[], Any], settings: Settings) -> None:
    """Configures Celery: late acknowledgement, one task at a time per slot, quick redelivery after a crash."""
    ContextTask.app_context = app_context
    celery.Task = ContextTask
    celery.conf.update(
        broker_url=settings.redis_url,
        broker_transport=broker.TRANSPORT,
        redbeat_redis_url=settings.redis_url,
        redbeat_key_prefix="frontdesk:beat:",
        redbeat_lock_timeout=15,
        redbeat_redis_options=_SCHEDULERS_REDIS,
        beat_max_loop_interval=5,
        task_acks_late=True,  # as well what tells a thread worker at once that a place is free; else after up to 0.7 s
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_default_queue=Queue.DEFAULT.value,
        task_queues=[_queue(each) for each in Queue],
        task_time_limit=None,
        worker_prefetch_multiplier=1,
        # That counts what is not acknowledged yet. Messages that need no acknowledgement it doesn't, so that a worker
        # with no place left would take them all the same, and another one would have nothing to do.
        worker_disable_prefetch=True,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1},
        broker_transport_options={
            "visibility_timeout": 60,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "global_keyprefix": "frontdesk:",
        },
        # Postgres knows what is due; these only look.
        beat_schedule={
            "send due mails": {"task": JobName.SWEEP_MAILS.value, "schedule": 15.0, "options": {"expires": 15}},
            "answer what was left behind": {
                "task": JobName.SWEEP_TURNS.value,
                "schedule": 5.0,
                "options": {"expires": 5},
            },
            "ingest due documents": {
                "task": JobName.SWEEP_DOCUMENTS.value,
                "schedule": 5.0,
                "options": {"expires": 5},
            },
            "make due vectors": {
                "task": JobName.SWEEP_AGENTS.value,
                "schedule": 15.0,
                "options": {"expires": 15},
            },
            "analyse due databases": {
                "task": JobName.SWEEP_DATABASES.value,
                "schedule": 15.0,
                "options": {"expires": 15},
            },
            "go on with deletions of companies": {
                "task": JobName.SWEEP_COMPANIES.value,
                "schedule": 15.0,
                "options": {"expires": 15},
            },
            "count what has changed": {
                "task": JobName.REFRESH_ROLLUPS.value,
                "schedule": 15.0,
                "options": {"expires": 15},
            },
            "tell of expired keys": {
                "task": JobName.TELL_EXPIRED_KEYS.value,
                "schedule": 60.0,
                "options": {"expires": 60},
            },
            "deliver due events": {
                "task": JobName.SWEEP_WEBHOOKS.value,
                "schedule": 5.0,
                "options": {"expires": 5},
            },
            "measure the platform and its companies": {
                "task": JobName.COLLECT_ALL_SYSTEM_METRICS.value,
                "schedule": 300.0,
                "options": {"expires": 300},
            },
            "forget what has expired": {
                "task": JobName.PURGE_EXPIRED.value,
                "schedule": 3600.0,
                "options": {"expires": 3600},
            },
        },
        timezone="UTC",
    )
