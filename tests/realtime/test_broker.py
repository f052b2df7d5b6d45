"""How messages that wake workers travel through Redis."""

from collections.abc import Iterator

import pytest
from flask import Flask
from kombu import Connection

from app.extensions import celery, redis_extension
from app.jobs import JobName, Queue, send

UNACKED = "frontdesk:unacked"


@pytest.fixture
def broker(app: Flask) -> Iterator[Connection]:
    redis_extension.client.delete("frontdesk:chat", "frontdesk:default", UNACKED)
    with celery.connection_for_read() as connection:
        yield connection
    redis_extension.client.delete("frontdesk:chat", "frontdesk:default", UNACKED)


def take(connection: Connection, queue: Queue) -> None:
    """Takes a message from a queue as a worker does, and says nothing more about it."""
    taken: list[object] = []
    with connection.Consumer(
        [celery.amqp.queues[queue.value]], callbacks=[lambda body, _message: taken.append(body)], accept=["json"]
    ):
        while not taken:
            connection.drain_events(timeout=10)


def test_a_turn_is_found_in_postgres_when_its_worker_dies_and_costs_redis_nothing(broker: Connection) -> None:
    send(JobName.ANSWER_TURN, company_id="1", turn_id="2")
    take(broker, Queue.CHAT)
    assert redis_extension.client.hlen(UNACKED) == 0


def test_other_work_is_given_out_again_when_its_worker_dies(broker: Connection) -> None:
    send(JobName.SWEEP_MAILS)
    take(broker, Queue.DEFAULT)
    assert redis_extension.client.hlen(UNACKED) == 1


def test_one_client_sends_all_commands_until_its_connections_are_gone(broker: Connection) -> None:
    channel = broker.default_channel
    first = channel._create_client()
    assert channel._create_client() is first
    assert first.ping()
    channel._disconnect_pools()
    second = channel._create_client()
    assert second is not first
    assert second.ping()
