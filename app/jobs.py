"""Background jobs by name. Postgres holds what is to be done; a message in Redis only wakes a worker for it.

So a job carries ids, never values, and losing the message loses nothing: a sweep finds the row and sends it again.
"""

import logging
from enum import StrEnum

from kombu.exceptions import OperationalError

from app.core.transaction import after_commit
from app.extensions import celery, redis_extension

log = logging.getLogger(__name__)


class Queue(StrEnum):
    """Queues; each has a consumer in `launcher` and `compose.yaml`."""

    DEFAULT = "default"
    CHAT = "chat"
    INGEST = "ingest"
    WEBHOOKS = "webhooks"


class JobName(StrEnum):
    """Every job; each has one task of this name in `app.tasks`."""

    SEND_MAIL = "mail.send"
    SWEEP_MAILS = "mail.sweep"
    PURGE_EXPIRED = "housekeeping.purge_expired"
    ANSWER_TURN = "conversation.answer"
    SWEEP_TURNS = "conversation.sweep"
    INGEST_DOCUMENT = "document.ingest"
    SWEEP_DOCUMENTS = "document.sweep"
    EMBED_AGENT = "agent.embed"
    SWEEP_AGENTS = "agent.sweep"
    ANALYZE_DATABASE = "database.analyze"
    SWEEP_DATABASES = "database.sweep"
    REFRESH_ROLLUPS = "analytics.refresh_rollups"
    COLLECT_SYSTEM_METRICS = "metrics.collect"
    COLLECT_ALL_SYSTEM_METRICS = "metrics.collect_all"
    DELIVER_WEBHOOK = "webhook.deliver"
    CASCADE_COMPANY = "company.cascade"
    SWEEP_COMPANIES = "company.sweep"
    SWEEP_WEBHOOKS = "webhook.sweep"
    TELL_EXPIRED_KEYS = "webhook.tell_expired_keys"


QUEUES: dict[JobName, Queue] = {
    **dict.fromkeys(JobName, Queue.DEFAULT),
    JobName.ANSWER_TURN: Queue.CHAT,
    JobName.INGEST_DOCUMENT: Queue.INGEST,
    JobName.EMBED_AGENT: Queue.INGEST,
    JobName.ANALYZE_DATABASE: Queue.INGEST,
    JobName.DELIVER_WEBHOOK: Queue.WEBHOOKS,
}


def enqueue(job: JobName, **ids: object) -> None:
    """Sends `job` to its queue once the running transaction has committed."""
    after_commit(lambda: send(job, **ids))


def send(job: JobName, **ids: object) -> None:
    """Sends `job` now. A broker that is away is logged, not raised: the sweep sends it again later."""
    if not redis_extension.answers():  # or a broker that hangs would hold the caller for its long time-outs
        log.warning("job not queued, the sweep will do it", extra={"job": job.value, "reason": "Redis is away"})
        return
    kwargs = {key: str(value) for key, value in ids.items()}
    try:
        # Celery would write down what the arguments look like, and look whether Redis knows the queue, for half of what
        # sending costs: nobody reads the former, and a list of Redis begins with its first item.
        celery.send_task(
            job.value, kwargs=kwargs, queue=QUEUES[job].value, argsrepr="", kwargsrepr=str(kwargs), declare=[]
        )
    except (OperationalError, OSError) as error:
        log.warning("job not queued, the sweep will do it", extra={"job": job.value, "reason": str(error)})
