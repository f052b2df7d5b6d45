"""Every client gets every event once and in order, whatever happens to connections and servers."""

import random
import threading
import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from app.core.redis import make_client
from app.realtime.follower import Follower
from app.realtime.hub import Hub
from app.realtime.publisher import Publisher
from app.realtime.sse import StreamingUnavailable
from launcher.valkey import EmbeddedValkey
from tests.realtime.conftest import Reader, Turn, open_stream, wait_until

pytestmark = pytest.mark.slow  # some seconds of clients that come and go


class RestlessClient(threading.Thread):
    """Drops its connection every now and then, and resumes after the last event that it got."""

    def __init__(self, hub: Hub, conversation_id: UUID, seed: int) -> None:
        super().__init__(daemon=True)
        self.hub, self.conversation_id, self.seed = hub, conversation_id, seed
        self.luck = random.Random(seed)
        self.ids: list[str] = []
        self.last: str | None = None
        self.done = False
        self.connections = self.resyncs = 0
        self.start()

    def run(self) -> None:
        while not self.done:
            self._listen(self.luck.randint(1, 12))

    def _listen(self, chunks: int) -> None:
        try:
            stream = open_stream(self.hub, self.conversation_id, self.last, listener=f"lead:{self.seed}")
        except StreamingUnavailable:
            time.sleep(0.05)
            return
        self.connections += 1
        with stream:
            for chunk in stream:
                if self.luck.random() < 0.05:
                    time.sleep(0.05)
                self._take(chunk.decode())
                chunks -= 1
                if self.done or not chunks:
                    return

    def _take(self, text: str) -> None:
        for block in text.split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines())
            if "id" in lines:
                self.last = lines["id"]
            if "event" not in lines or lines["event"] == "heartbeat":
                continue
            if lines["event"] == "resync":
                self.resyncs += 1
                continue
            self.ids.append(lines["id"])
            self.done = self.done or lines["event"] == "completed"


@pytest.fixture
def own(valkey: EmbeddedValkey) -> Iterator[tuple[Hub, Turn]]:
    """A hub and a turn on a server that can be stopped."""
    client = make_client(valkey.url(), 0.3)
    publisher = Publisher(lambda: client)
    Turn(publisher).say()  # a server that doesn't know our scripts counts as one that has just started
    hub = Hub(valkey.url())
    yield hub, Turn(publisher)
    hub.close()
    client.close()


def kill_subscriptions(turn: Turn) -> None:
    turn.publisher._client().execute_command("CLIENT", "KILL", "TYPE", "pubsub")


def test_twenty_restless_clients(own: tuple[Hub, Turn]) -> None:
    hub, turn = own
    turn.status("queued")
    clients = [RestlessClient(hub, turn.conversation_id, seed) for seed in range(20)]
    ids = []
    for number in range(600):
        ids += turn.say()
        if number % 60 == 30:
            kill_subscriptions(turn)
        if number % 10 == 0:
            time.sleep(0.02)
    ids += turn.finish()
    for each in clients:
        each.join(20)
        assert each.done, (each.seed, len(each.ids))
    for each in clients:
        assert each.ids[1:] == ids, each.seed
        assert each.resyncs == 0
    assert sum(each.connections for each in clients) >= 60


def test_the_subscription_comes_back_by_itself(own: tuple[Hub, Turn]) -> None:
    hub, turn = own
    reader = Reader(open_stream(hub, turn.conversation_id))
    (first,) = turn.say()
    wait_until(lambda: first in reader.ids, "the first event")
    kill_subscriptions(turn)
    turn.say()
    turn.finish()
    assert reader.wait().names == ["chat_delta", "chat_delta", "completed"]


def test_a_restart_of_redis_is_survived(valkey: EmbeddedValkey, own: tuple[Hub, Turn]) -> None:
    hub, turn = own
    readers = [Reader(open_stream(hub, turn.conversation_id, listener=f"lead:{n}")) for n in range(5)]
    turn.status("processing")
    (last,) = turn.say()
    for reader in readers:
        wait_until(lambda reader=reader: last in reader.ids, "the first events")
    valkey.stop()
    assert turn.say() is None
    valkey.start()
    wait_until(turn.say, "publishing")
    turn.finish()
    for reader in readers:
        names = reader.wait(15).names
        # What follows has ids of a new epoch, so nobody can take one of them for an event that was lost.
        assert names[:3] == ["processing", "chat_delta", "resync"]
        assert names[-1] == "completed"


def test_what_was_never_published_for_redis_was_away_is_to_be_fetched(
    valkey: EmbeddedValkey, own: tuple[Hub, Turn]
) -> None:
    """Nothing tells of a turn that began and ended meanwhile, and nothing may follow."""
    hub, turn = own
    turn.status("processing")
    (last,) = turn.finish()
    who_stays = Reader(open_stream(hub, turn.conversation_id, last), last="resync")
    valkey.stop()
    valkey.start()
    who_stays.wait(15)
    who_comes_back = Reader(open_stream(hub, turn.conversation_id, last), last="resync").wait(15)
    # Once it knows, it isn't told again.
    follower = Follower(hub, turn.conversation_id, lambda: None)
    assert follower.start(who_comes_back.ids[-1]) == []
    follower.close()


def test_a_stream_stays_open_while_redis_is_away(valkey: EmbeddedValkey, own: tuple[Hub, Turn]) -> None:
    import dataclasses

    from app.core import settings as current_settings

    current_settings.configure(dataclasses.replace(current_settings.settings(), stream_heartbeat_seconds=0.2))
    hub, turn = own
    turn.status("processing")
    reader = Reader(open_stream(hub, turn.conversation_id))
    wait_until(lambda: "processing" in reader.names, "the first event")
    valkey.stop()
    beats = reader.names.count("heartbeat")
    before = time.process_time()
    wait_until(lambda: reader.names.count("heartbeat") >= beats + 5, "heartbeats")
    assert time.process_time() - before < 0.5  # it waits, and doesn't try in a loop
    with pytest.raises(StreamingUnavailable):
        open_stream(hub, turn.conversation_id)
    valkey.start()
    wait_until(turn.finish, "publishing")
    assert reader.wait(15).names[-1] == "completed"
