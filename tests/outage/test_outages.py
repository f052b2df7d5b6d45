"""Postgres or Redis away, stopped or hanging; and clients that would make them seem so."""

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.outage.conftest import EMAIL, Answer, Site

# Slow: a whole installation is started, and the subject is how long things take.
pytestmark = pytest.mark.slow

COMPANY = "/v1/company"


def test_answers_503_in_time_while_postgres_hangs_and_recovers(site: Site) -> None:
    assert site.call("GET", COMPANY).status == 200
    site.pause_postgres(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(12) as pool:  # more than there are connections
            answers = list(pool.map(lambda _: site.call("GET", COMPANY), range(12)))
        assert site.call("GET", "/health").status == 200
    finally:
        site.pause_postgres(signal.SIGCONT)
    assert {answer.status for answer in answers} == {503}
    assert answers[0].body["code"] == "service_unavailable"
    assert max(answer.seconds for answer in answers) < 2.5  # 2 s on a machine that does nothing else
    _wait_for(site, 200)


def test_answers_503_in_time_when_postgres_hangs_in_the_middle(site: Site) -> None:
    """Requests that run at that moment, too; not only those that come later."""
    stop, answers = threading.Event(), list[Answer]()

    def keep_calling() -> None:
        while not stop.is_set():
            answers.append(site.call("GET", COMPANY))

    callers = [threading.Thread(target=keep_calling) for _ in range(4)]
    for caller in callers:
        caller.start()
    time.sleep(0.3)
    site.pause_postgres(signal.SIGSTOP)
    try:
        time.sleep(0.2)
        stop.set()
        for caller in callers:
            caller.join()
    finally:
        stop.set()
        site.pause_postgres(signal.SIGCONT)
    assert max(answer.seconds for answer in answers) < 3
    _wait_for(site, 200)


def test_slow_bodies_do_not_keep_others_from_postgres(site: Site) -> None:
    """As many as there are connections, and more: they wait for their bodies without one."""
    head = f"PUT /v1/user/profile HTTP/1.1\r\nHost: a\r\nAuthorization: {site.headers['Authorization']}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    slow = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(10)]
    try:
        for connection in slow:
            connection.sendall(head.encode())
        time.sleep(0.3)
        answer = site.call("GET", COMPANY)
    finally:
        for connection in slow:
            connection.close()
    assert (answer.status, answer.seconds < 0.5) == (200, True)


def test_works_on_while_redis_hangs(site: Site) -> None:
    os.kill(site.valkey.pid, signal.SIGSTOP)
    try:
        answers = [site.call("GET", COMPANY), site.call("POST", "/v1/auth/forgot-password", {"email": EMAIL})]
        later = site.call("GET", COMPANY)
        ready = site.call("GET", "/health/ready")
    finally:
        os.kill(site.valkey.pid, signal.SIGCONT)
    assert [answer.status for answer in answers] == [200, 202], answers
    assert max(answer.seconds for answer in answers) < 2.5
    assert (later.status, later.seconds < 0.5) == (200, True)
    assert ready.status == 503


def _wait_for(site: Site, status: int) -> None:
    end = time.monotonic() + 5
    while site.call("GET", COMPANY).status != status:
        assert time.monotonic() < end, "no recovery within 5 s"
        time.sleep(0.1)
