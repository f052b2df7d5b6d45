"""What a worker loads as it starts."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from celery.signals import celeryd_after_setup, worker_ready

from app.core import garbage
from app.extensions import celery
from app.jobs import Queue
from app.services import model_choice, turn_leases

log = logging.getLogger(__name__)

_LATER_SECONDS = 30.0
_THREADS = 64


@celeryd_after_setup.connect
def _warm_up(**_: Any) -> None:
    """Before a worker that answers visitors takes its first turn, and not beside it: what it takes and can't yet answer
    another worker could."""
    if Queue.CHAT.value not in celery.amqp.queues.consume_from:
        return
    _load(model_choice.warm_up)
    garbage.spare_what_is_loaded()
    threading.Thread(target=_warm_up_others, name="warm-up", daemon=True).start()


@worker_ready.connect
def _start_threads(sender: Any, **_: Any) -> None:
    """Threads for as many turns as a rush may bring: starting one waits until the interpreter lets it run, beside all
    that compute by then, and meanwhile nobody hears of the other turns."""
    if Queue.CHAT.value not in celery.amqp.queues.consume_from or not hasattr(sender.pool, "executor"):
        return
    all_there = threading.Event()
    for _number in range(min(_THREADS, sender.pool.limit)):
        sender.pool.executor.submit(all_there.wait)
    all_there.set()


def _warm_up_others() -> None:
    """What few need is loaded once the rush of a restart is over, and while nobody waits."""
    time.sleep(_LATER_SECONDS)
    while turn_leases.count():
        time.sleep(1)
    _load(model_choice.warm_up_others)
    garbage.spare_what_is_loaded()


def _load(what: Callable[[], None]) -> None:
    try:
        what()
    except Exception:
        log.exception("models could not be loaded ahead of time")
