"""Webhooks through the running worker: it is killed, and receivers hang."""

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
import redis

from app.config import without_driver
from scripts.bench.installation import Api
from tests.browser.installation import Installation
from tests.webhook.receiver import Received, Receiver, receiving

PATIENCE_SECONDS = 90

pytestmark = pytest.mark.slow  # processes that import a whole application


def wait_until(is_so: Callable[[], object], installation: Installation) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end, installation.log()
        time.sleep(0.05)


def add_lead(api: Api, number: int) -> Any:
    return api.call("POST", "/v1/lead", {"first_name": f"L{number}", "last_name": "Lead", "email": "lead@example.com"})


def ids(receiver: Receiver) -> set[str]:
    return {each.id for each in receiver.taken}


def test_a_killed_worker_loses_nothing_and_says_nothing_new(installation: Installation, api: Api) -> None:
    slowly = threading.Event()
    with receiving() as receiver:

        def answer(received: Received) -> int:
            if received.event["data"]["first_name"] in {"L3", "L4", "L5", "L6"} and not slowly.is_set():
                slowly.wait(20)  # under way while the worker is killed
            return 204

        receiver.answer = answer
        api.call("POST", "/v1/webhook", {"url": receiver.url(), "event_types": ["lead.created"]})
        leads = {add_lead(api, number)["id"] for number in range(12)}
        wait_until(lambda: len(receiver.all) >= 5, installation)
        installation.kill_worker()
        slowly.set()
        end_leases(installation)
        leads.add(add_lead(api, 12)["id"])
        wait_until(lambda: len(ids(receiver)) == 13, installation)
        told = {each.id: each.event["data"]["id"] for each in receiver.all}
    # An event may come twice, under its id; none comes as another one.
    assert set(told.values()) == leads
    assert len(told) == 13
    assert len({(each.id, each.body) for each in receiver.all}) == 13


def test_a_receiver_that_hangs_holds_up_nobody_else(installation: Installation, api: Api) -> None:
    end = threading.Event()
    with receiving() as hanging, receiving() as prompt:
        hanging.answer = lambda _: (end.wait(60) and 204) or 503
        for each in (hanging, prompt):
            api.call("POST", "/v1/webhook", {"url": each.url(), "event_types": ["lead.created"]})
        for number in range(12):
            add_lead(api, number)
        wait_until(lambda: len(ids(prompt)) == 12, installation)
        assert hanging.taken == []
        assert len(hanging.all) == 4  # WEBHOOK_CONCURRENCY
        end.set()
        wait_until(lambda: len(ids(hanging)) == 12, installation)


def end_leases(installation: Installation) -> None:
    """Lets the time pass for which a worker that died would have kept what it was at, and for which its messages would
    have been waited for."""
    broker = redis.Redis.from_url(installation.environment["REDIS_URL"])
    for key in broker.scan_iter("frontdesk:webhook-wake-up:*"):
        broker.delete(key)
    broker.close()
    connection = psycopg2.connect(without_driver(installation.environment["DATABASE_URL"]))
    with connection, connection.cursor() as cursor:
        cursor.execute("UPDATE webhook_deliveries SET due_at = now() - interval '1 second' WHERE status = 'sending'")
        assert cursor.rowcount > 0
    connection.close()
