"""The integrators' side of a running installation: their examples do what the README says, and webhooks outlive a
killed worker and receivers that hang. One file, so that one installation is started for all of them.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redis

from app.config import without_driver
from scripts.bench.installation import Api
from tests.browser.installation import Installation, free_port
from tests.webhook.receiver import Received, Receiver, receiving

EXAMPLES = Path(__file__).resolve().parents[2] / "scripts" / "examples"
PATIENCE_SECONDS = 90

pytestmark = pytest.mark.slow  # processes that import a whole application


def test_the_client_asks_about_its_own_document(installation: Installation, tmp_path: Path) -> None:
    person = installation.api().found_company()
    ended = subprocess.run(
        [sys.executable, EXAMPLES / "ask_documents.py", "--site", installation.origin, "--email", person["email"]],
        env={**os.environ, "FRONTDESK_PASSWORD": person["password"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr + installation.log()
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("API key fdk_")
    assert lines[1] == "Returns: 1 passage(s)"
    assert lines[3] == "> How long can I return a helmet?"
    assert "14 days" in lines[5]
    assert lines[-1].startswith("  [1] Returns: “")


def test_the_client_is_short_and_needs_no_packages() -> None:
    text = (EXAMPLES / "ask_documents.py").read_text("utf-8")
    assert len(text.splitlines()) < 100
    imported = {line.split()[1].partition(".")[0] for line in text.splitlines() if line.startswith(("import", "from"))}
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("host", ["167772161", "0xa.1", "012.0.0.1"])
def test_an_inside_address_in_numbers_is_refused_by_the_web_process(api: Api, host: str) -> None:
    with pytest.raises(RuntimeError, match=r"422 .*inside the network"):
        api.call("POST", "/v1/webhook", {"url": f"https://{host}/"})


def test_the_client_says_what_is_wrong(installation: Installation, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, EXAMPLES / "ask_documents.py", "--site", installation.origin],
        env={**os.environ, "FRONTDESK_PASSWORD": "not it"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("POST /v1/auth/login: 401 ")


def test_the_receiver_takes_what_is_signed_and_nothing_else(installation: Installation, tmp_path: Path) -> None:
    api, port = installation.api(), free_port()
    api.found_company(scopes=("read", "write", "admin"))
    webhook = api.call("POST", "/v1/webhook", {"url": f"http://127.0.0.1:{port}/"})
    printed = tmp_path / "printed"
    with printed.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, EXAMPLES / "receive_webhooks.py", str(port)],
            env={**os.environ, "WEBHOOK_SECRET": webhook["secret"]},
            stdout=file,
            stderr=subprocess.DEVNULL,
        )
    try:
        tested = _until_answered(lambda: api.call("POST", f"/v1/webhook/{webhook['id']}/test"))
        assert (tested["status"], tested["response_status"]) == ("delivered", 204)
        api.call("POST", f"/v1/webhook/{webhook['id']}/secret", {"overlap_hours": 0})
        assert api.call("POST", f"/v1/webhook/{webhook['id']}/test")["response_status"] == 401
    finally:
        process.kill()
        process.wait()
    assert printed.read_text().splitlines() == ["webhook.test None"]


def _until_answered(test: object) -> dict[str, object]:
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer: dict[str, object] = test()  # type: ignore[operator]
        if answer["error_code"] != "unreachable" or time.monotonic() > end:
            return answer
        time.sleep(0.1)


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
