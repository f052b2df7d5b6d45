"""The model server of the load tests, for tests: speaks the vendors' protocols and breaks them on demand."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.ai import wire
from scripts.bench import model_server
from scripts.bench.model_server import ModelServer, Pace

__all__ = ["ModelServer", "Pace", "running_model_server"]


@contextmanager
def running_model_server(pace: Pace | None = None) -> Iterator[tuple[str, ModelServer]]:
    """Gives the address (`http://127.0.0.1:PORT`) and the server. Leaves no connection open."""
    with model_server.running_model_server(pace) as address_and_server:
        try:
            yield address_and_server
        finally:
            wire.close_connections()
