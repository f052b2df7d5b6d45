"""A job as it waits in Redis, in Celery's words (https://docs.celeryq.dev/en/stable/internals/protocol.html, version 2)
and in kombu's envelope for brokers that are lists.

Written down here, since of what `send_task` does for a message next to nothing is needed for ours, and it cost as much
as authenticating the call that sends it.
"""

import os
import socket
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from uuid import uuid4

import orjson

# What `broker_transport_options` prefixes all keys of the broker with.
KEY_PREFIX = "frontdesk:"
_NO_CALLBACKS = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


def queue_key(queue: str) -> str:
    """The list that a queue is."""
    return f"{KEY_PREFIX}{queue}"


def encode(task: str, queue: str, kwargs: Mapping[str, str]) -> bytes:
    """A message that a worker on `queue` takes as a call of `task`."""
    task_id = str(uuid4())
    body = orjson.dumps(((), kwargs, _NO_CALLBACKS))
    return orjson.dumps(
        {
            "body": b64encode(body).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {
                "lang": "py",
                "task": task,
                "id": task_id,
                "root_id": task_id,
                "parent_id": None,
                "group": None,
                "retries": 0,
                "timelimit": (None, None),
                "eta": None,
                "expires": None,
                "argsrepr": "",
                "kwargsrepr": str(kwargs),
                "origin": _origin(os.getpid()),
                "ignore_result": None,
            },
            "properties": {
                "correlation_id": task_id,
                "reply_to": None,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(uuid4()),
            },
        }
    )


@cache
def _origin(pid: int) -> str:
    return f"gen{pid}@{socket.gethostname()}"
