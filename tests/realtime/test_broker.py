"""How messages that wake workers travel through Redis."""

from collections.abc import Iterator

import pytest
from flask import Flask
from kombu import Connection, Message
from kombu.transport import redis

from app.extensions import celery, redis_extension
from app.jobs import JobName, Queue, send

UNACKED = "frontdesk:unacked"


@pytest.fixture
def broker(app: Flask) -> Iterator[Connection]:
    redis_extension.client.delete("frontdesk:chat", "frontdesk:default", UNACKED)
    with celery.connection_for_read() as connection:
        yield connection
    redis_extension.client.delete("frontdesk:chat", "frontdesk:default", UNACKED)


def take(connection: Connection, queue: Queue) -> Message:
    """Takes a message from a queue as a worker does, and says nothing more about it."""
    taken: list[Message] = []
    with connection.Consumer(
        [celery.amqp.queues[queue.value]], callbacks=[lambda _body, message: taken.append(message)], accept=["json"]
    ):
        while not taken:
            connection.drain_events(timeout=10)
    return taken[0]


def test_a_turn_is_found_in_postgres_when_its_worker_dies_and_costs_redis_nothing(broker: Connection) -> None:
    send(JobName.ANSWER_TURN, company_id="1", turn_id="2")
    take(broker, Queue.CHAT)
    assert redis_extension.client.hlen(UNACKED) == 0


def test_other_work_is_given_out_again_when_its_worker_dies(broker: Connection) -> None:
    send(JobName.SWEEP_MAILS)
    take(broker, Queue.DEFAULT)
    assert redis_extension.client.hlen(UNACKED) == 1


def test_redis_is_asked_to_forget_only_what_it_was_told(broker: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[str] = []
    forget = redis.QoS._remove_from_indices

    def note(qos: redis.QoS, tag: str, pipe: object = None) -> object:
        forgotten.append(tag)
        return forget(qos, tag, pipe)

    monkeypatch.setattr(redis.QoS, "_remove_from_indices", note)
    send(JobName.ANSWER_TURN, company_id="1", turn_id="2")
    take(broker, Queue.CHAT).ack()
    assert forgotten == []
    send(JobName.SWEEP_MAILS)
    message = take(broker, Queue.DEFAULT)
    message.ack()
    assert forgotten == [message.delivery_tag]
    assert redis_extension.client.hlen(UNACKED) == 0


def test_one_client_sends_all_commands_until_its_connections_are_gone(broker: Connection) -> None:
    channel = broker.default_channel
    first = channel._create_client()
    assert channel._create_client() is first
    assert first.ping()
    channel._disconnect_pools()
    second = channel._create_client()
    assert second is not first
    assert second.ping()
