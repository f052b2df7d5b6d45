"""What a worker loads as it starts."""

import logging
import threading
from typing import Any, ClassVar

from celery import bootsteps

from app.extensions import celery
from app.jobs import Queue
from app.services import model_choice

log = logging.getLogger(__name__)


class WarmUp(bootsteps.StartStopStep):
    """Loads models beside the first tasks of a worker that answers visitors: they take seconds to load."""

    requires: ClassVar = {"celery.worker.consumer.tasks:Tasks"}

    def __init__(self, consumer: Any, **_options: Any) -> None:
        self._done = False

    def start(self, consumer: Any) -> None:
        """Called again after each lost connection to the broker."""
        queues = {queue.name for queue in consumer.task_consumer.queues}
        if Queue.CHAT.value in queues and not self._done:
            self._done = True
            threading.Thread(target=_load, name="warm-up", daemon=True).start()


def _load() -> None:
    try:
        model_choice.warm_up()
    except Exception:
        log.exception("models could not be loaded ahead of time")


celery.steps["consumer"].add(WarmUp)
