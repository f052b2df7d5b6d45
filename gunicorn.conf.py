"""How the web server runs: `gunicorn` in this folder reads this file. https://gunicorn.org/reference/settings/"""

import os
from pathlib import Path
from typing import Any

WORKER_CLASSES = {
    "eventlet": "serving.eventlet_worker.EventletWorker",
    "gthread": "serving.gthread_worker.ThreadWorker",
}
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - gunicorn makes its files there safely, and unlinks them at once


def _number(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal():
        raise ValueError(f"{name} is {text!r}; it should be a whole number.")
    return int(text)


def _address() -> str:
    host = os.environ.get("HOST") or "127.0.0.1"
    return f"[{host}]:{_number('PORT', 8000)}" if ":" in host else f"{host}:{_number('PORT', 8000)}"


def _worker_class() -> str:
    mode = os.environ.get("ASYNC_MODE") or "eventlet"
    if mode not in WORKER_CLASSES:
        raise ValueError(f"ASYNC_MODE is {mode!r}; it should be {' or '.join(WORKER_CLASSES)}.")
    return WORKER_CLASSES[mode]


wsgi_app = "wsgi:application"
bind = _address()
backlog = 2048
worker_class = _worker_class()
workers = _number("WEB_WORKERS", 1)
threads = _number("WEB_THREADS", 64)  # gthread only
worker_connections = 10_000

keepalive = 30
timeout = 60
graceful_timeout = 20

# A heartbeat is a file touched once a second: on a disk that is busy it stalls, and the arbiter kills a healthy worker.
worker_tmp_dir = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None

# Several instances on one machine would fight over the one socket that its default path names.
control_socket_disable = True

# Who may say X-Forwarded-Proto. gunicorn's default would trust ::1 as well.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS") or "127.0.0.1"

limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190

# The kernel's sendfile() refuses the non-blocking sockets of a green process: answers would break off after the head.
sendfile = False

accesslog = None  # the application logs its requests, with ids that gunicorn does not know
errorlog = "-"


def on_starting(server: Any) -> None:
    """prometheus_client writes one file per process there and does not make the folder."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        Path(folder).mkdir(parents=True, exist_ok=True)


def child_exit(server: Any, worker: Any) -> None:
    """Without this the gauges of dead workers (open streams, say) are summed up for ever."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess  # noqa: PLC0415 - after patching, and only where it is used

        multiprocess.mark_process_dead(worker.pid)
