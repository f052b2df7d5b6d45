"""Two things that every worker does beside its tasks: say that it lives, and keep its running tasks its own."""

import logging
import time
from typing import Any, ClassVar

from celery import bootsteps
from celery.worker import state
from redis.exceptions import RedisError

from app.extensions import celery
from app.services import health

log = logging.getLogger(__name__)

_SECONDS = 5.0


class Heartbeat(bootsteps.StartStopStep):
    """Renews the visibility of running tasks, so that the broker's short time-out redelivers only those of dead
    workers; sweeps the latter; and tells `/health/ready` that somebody consumes these queues."""

    requires: ClassVar = {"celery.worker.consumer.tasks:Tasks"}

    def __init__(self, consumer: Any, **_options: Any) -> None:
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        """Beats from now on."""
        self._beat(consumer)
        self._timer = consumer.timer.call_repeatedly(_SECONDS, self._beat, (consumer,), priority=10)

    def stop(self, consumer: Any) -> None:
        """Beats no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    shutdown = stop

    def _beat(self, consumer: Any) -> None:
        try:
            health.note_worker(consumer.hostname, [queue.name for queue in consumer.task_consumer.queues])
            _renew(consumer.task_consumer.channel)
        except (RedisError, OSError) as error:
            log.warning("heartbeat failed", extra={"reason": str(error)})


def _renew(channel: Any) -> None:
    at = time.time()
    running = {request.message.delivery_tag: at for request in list(state.reserved_requests)}
    with channel.conn_or_acquire() as client:
        if running:
            client.zadd(channel.unacked_index_key, running, xx=True)
    channel.qos.restore_visible(num=channel.unacked_restore_limit, interval=1)


celery.steps["consumer"].add(Heartbeat)
