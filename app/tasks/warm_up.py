"""What a worker loads as it starts."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from celery.signals import celeryd_after_setup

from app.core import garbage
from app.extensions import celery
from app.jobs import Queue
from app.services import model_choice, turn_leases

log = logging.getLogger(__name__)

_LATER_SECONDS = 30.0


@celeryd_after_setup.connect
def _warm_up(**_: Any) -> None:
    """Before a worker that answers visitors takes its first turn, and not beside it: what it takes and can't yet answer
    another worker could."""
    if Queue.CHAT.value not in celery.amqp.queues.consume_from:
        return
    _load(model_choice.warm_up)
    garbage.spare_what_is_loaded()
    threading.Thread(target=_warm_up_others, name="warm-up", daemon=True).start()


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
