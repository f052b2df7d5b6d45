"""The worker of the configured mode, with so little patience that a test can outlast it."""

from serving.boot import AsyncMode, configured_mode
from serving.pacing import Pace

if configured_mode() is AsyncMode.EVENTLET:
    from serving.eventlet_worker import EventletWorker as Worker
else:
    from serving.gthread_worker import ThreadWorker as Worker


class ImpatientWorker(Worker):
    pace = Pace(head_seconds=1, body_seconds=1, body_bytes_per_second=1_000)
