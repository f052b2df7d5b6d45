"""The broker's transport: kombu's for Redis, with one client for each pool of connections.

kombu makes a client for every command that it sends, and redis-py's clients are costly to make: a quarter of what a
worker's main thread did for a message, and of what publishing one cost a request. It also asks Redis to forget messages
of queues that are not acknowledged, which Redis was never told: two fifths of what was left.
"""

from typing import Any

from kombu.transport import redis

TRANSPORT = f"{__name__}:Transport"


class QoS(redis.QoS):
    """Acknowledges what Redis has noted as taken, and nothing else."""

    def ack(self, delivery_tag: str) -> None:
        """See the class."""
        if delivery_tag in self._delivered:
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """The same."""
        if delivery_tag in self._delivered:
            super().reject(delivery_tag, requeue=requeue)


class Channel(redis.Channel):
    """A channel that keeps its client. Clients have no state of their own: each command takes a connection."""

    QoS = QoS
    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:  # that one belongs to the event loop
            return super()._create_client(asynchronous=True)
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()
        return self._kept


class Transport(redis.Transport):
    """See the module."""

    Channel = Channel
