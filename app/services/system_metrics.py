"""System metrics: collected in the background every five minutes, or when somebody asks, and kept for a month.

Those of a company are about its own part: what waits, what failed, its models. Those of the platform are about the
machine: processes, Postgres, Redis, queues, models of all companies together; they are for super admins.
"""

import logging
import os
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import psutil
from redis.exceptions import RedisError

from app.core.clock import now
from app.core.ids import PLATFORM, new_id
from app.core.settings import settings
from app.core.tenancy import across_companies, enter_company
from app.core.transaction import transaction
from app.extensions import redis_extension
from app.jobs import JobName, Queue, enqueue
from app.models.system_metric import SystemMetric
from app.repositories import system_metrics
from app.security.principal import Principal
from app.services import authentication, health

log = logging.getLogger(__name__)

_LAST = timedelta(minutes=15)
_SHOWN = 50
_FRESH = timedelta(seconds=30)
# Where Kombu keeps a queue, with the prefix that our Celery gives its keys.
_QUEUE_KEY = "frontdesk:{queue}"


def ask(principal: Principal) -> None:
    """Has a worker collect the metrics of the caller's company; for super admins who name none, the platform's."""
    company_id = principal.company_id if principal.is_super_admin else principal.company()
    enqueue(JobName.COLLECT_SYSTEM_METRICS, company_id=company_id or PLATFORM)


def find_own(principal: Principal) -> Sequence[SystemMetric]:
    """The newest collections of the caller's company; for super admins who name none, the platform's."""
    company_id = principal.company_id if principal.is_super_admin else principal.company()
    return system_metrics.find_newest(company_id=company_id, most=_SHOWN)


def find_of(principal: Principal, company_id: UUID) -> Sequence[SystemMetric]:
    """The newest collections of a company that the caller may act for. Raises `NotFound`."""
    company = authentication.acting_for(principal, company_id)
    return system_metrics.find_newest(company_id=company, most=_SHOWN)


def collect_again(company_id: UUID | None) -> None:
    """The same as `collect`, for somebody who asked; what was measured seconds ago is kept instead, or who asks again
    and again would leave nothing else to be seen."""
    with transaction():
        enter_company(company_id)
        newest = system_metrics.find_newest(company_id=company_id, most=1)
    if not newest or now() - newest[0].created_at >= _FRESH:
        collect(company_id)


def collect(company_id: UUID | None) -> None:
    """Measures one company, or (None) the platform, and keeps it."""
    if company_id is None:
        _collect_platform()
        return
    since = now() - _LAST
    with transaction():
        enter_company(company_id)
        measured = {
            "work": _plain(system_metrics.work(company_id=company_id, since=since)),
            "storage": _plain(system_metrics.storage(company_id=company_id)),
            "providers": [_plain(row) for row in system_metrics.providers(company_id=company_id, since=since)],
        }
        _keep(company_id, measured)


def collect_all() -> int:
    """Measures the platform and every company that does something; returns how many companies."""
    collect(None)
    with transaction(), across_companies("companies that do something"):
        busy = system_metrics.busy_companies_across_companies(since=now() - _LAST)
    for company_id in busy:
        try:
            collect(company_id)
        except Exception:  # one that was deleted meanwhile is no reason to leave the others out
            log.exception("metrics not collected", extra={"company": str(company_id)})
    return len(busy)


def _collect_platform() -> None:
    since = now() - _LAST
    # Before the transaction: none of it needs Postgres.
    measured: dict[str, Any] = {"process": _process(), "host": _host(), "redis": _redis(), "queues": _queues()}
    measured["checks"] = {check.name: check.ok for check in health.check_all()}
    with transaction(), across_companies("metrics of the platform"):
        measured["postgres"] = _plain(system_metrics.postgres_across_companies())
        measured["work"] = _plain(system_metrics.work(company_id=None, since=since))
        measured["providers"] = [_plain(row) for row in system_metrics.providers(company_id=None, since=since)]
        _keep(None, measured)


def _keep(company_id: UUID | None, measured: dict[str, Any]) -> None:
    system_metrics.add(SystemMetric(id=new_id(), company_id=company_id, measured=measured))


def _process() -> dict[str, Any]:
    """The worker process that collects."""
    process = psutil.Process()
    with process.oneshot():
        return {
            "pid": os.getpid(),
            "memory_bytes": process.memory_info().rss,
            "threads": process.num_threads(),
            "open_files": process.num_fds(),
            "cpu_seconds": round(sum(process.cpu_times()[:2]), 2),
            "uptime_seconds": round(time.time() - process.create_time()),
        }


def _host() -> dict[str, Any]:
    memory, disk = psutil.virtual_memory(), psutil.disk_usage(str(settings().data_dir.absolute().anchor))
    return {
        "cpus": psutil.cpu_count() or 1,
        "load": [round(each, 2) for each in psutil.getloadavg()],
        "memory_bytes": memory.total,
        "memory_available_bytes": memory.available,
        "disk_bytes": disk.total,
        "disk_free_bytes": disk.free,
    }


def _redis() -> dict[str, Any] | None:
    try:
        said: Any = redis_extension.client.info()
    except (RedisError, OSError):
        return None
    names = ("used_memory", "connected_clients", "instantaneous_ops_per_sec", "keyspace_hits", "keyspace_misses")
    return {name: said.get(name) for name in (*names, "evicted_keys", "uptime_in_seconds")}


def _queues() -> dict[str, int] | None:
    """Jobs that wait, by queue."""
    try:
        client: Any = redis_extension.client
        return {queue.value: int(client.llen(_QUEUE_KEY.format(queue=queue.value))) for queue in Queue}
    except (RedisError, OSError):
        return None


def _plain(row: Any) -> dict[str, Any]:
    return {
        name: value.isoformat(timespec="milliseconds").replace("+00:00", "Z") if hasattr(value, "isoformat") else value
        for name, value in row._mapping.items()
    }
