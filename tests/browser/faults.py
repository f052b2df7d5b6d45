"""A proxy that breaks what goes through it: a bad network between a visitor and the installation."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any

_STREAM = b"content-type: text/event-stream"


class FaultyNetwork:
    """Real TCP on both sides. Every request gets a connection of its own, so that each can be broken by itself.

    The request goes on as HTTP/1.0: the answer then has no chunks, and events can be told by their blank line.
    """

    def __init__(self, upstream: int) -> None:
        self.port = 0
        self.streams = 0  # event streams that were opened
        self.requests: list[str] = []  # "METHOD /path", as they came
        self.resumed_from: list[str] = []  # Last-Event-ID of each stream, "" for none
        self._upstream = upstream
        self._cut_after: int | None = None
        self._cuts_left = 0
        self._reset = False
        self._dropped = ""
        self._drops_left = 0
        self._streams_pass: asyncio.Event
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop: asyncio.AbstractEventLoop
        self._server: asyncio.Server | None = None

    @property
    def origin(self) -> str:
        """Where browsers find the installation, through this."""
        return f"http://127.0.0.1:{self.port}"

    def cut_streams(self, *, after: int, times: int = 1_000, reset: bool = False) -> None:
        """Ends each event stream after so many events; in order, or by a reset."""
        self._cut_after, self._cuts_left, self._reset = after, times, reset

    def hold_streams(self) -> None:
        """Lets requests for event streams wait, until `release_streams()`."""
        self._loop.call_soon_threadsafe(self._streams_pass.clear)

    def release_streams(self) -> None:
        """Passes them on."""
        self._loop.call_soon_threadsafe(self._streams_pass.set)

    def heal(self) -> None:
        """Breaks nothing any more."""
        self._cut_after, self._dropped, self._drops_left = None, "", 0

    def drop_answers(self, request: str, times: int = 1) -> None:
        """Passes requests (`"POST /v1/x"`, the beginning) on, but loses the answers."""
        self._dropped, self._drops_left = request, times

    def go_down(self) -> None:
        """Ends all connections and refuses new ones, as a server that is gone does."""
        self._call(self._go_down())

    def come_back(self) -> None:
        """Listens again."""
        self._call(self._listen())

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 22)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _go_down(self) -> None:
        if self._server:
            self._server.close()
        for writer in list(self._writers):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._pass_on(reader, writer)
        self._writers.discard(writer)
        writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *headers = head.decode("latin-1").strip().split("\r\n")
        method, target, _ = first.split(" ")
        self.requests.append(f"{method} {target}")
        named = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in headers)}
        body = await reader.readexactly(int(named.get("content-length", 0)))
        if target.endswith("/messages/stream"):
            await self._streams_pass.wait()
        kept = [line for line in headers if not line.lower().startswith("connection:")]
        source, sink = await asyncio.open_connection("127.0.0.1", self._upstream, limit=1 << 22)
        self._writers.add(sink)
        try:
            sink.write("\r\n".join([f"{method} {target} HTTP/1.0", *kept, "", ""]).encode("latin-1") + body)
            await self._answer(f"{method} {target}", named, source, writer)
        finally:
            self._writers.discard(sink)
            sink.close()

    async def _answer(
        self, request: str, named: dict[str, str], source: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await source.readuntil(b"\r\n\r\n")
        if self._drops_left and request.startswith(self._dropped):
            self._drops_left -= 1
            _reset(writer)
            return
        writer.write(head)
        if _STREAM in head.lower():
            self.streams += 1
            self.resumed_from.append(named.get("last-event-id", ""))
            await self._stream(source, writer)
        else:
            while piece := await source.read(1 << 16):
                writer.write(piece)
                await writer.drain()

    async def _stream(self, source: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen = 0
        with suppress(asyncio.IncompleteReadError):
            while True:
                block = await source.readuntil(b"\n\n")
                writer.write(block)
                await writer.drain()
                seen += b"data:" in block
                if self._cut_after and self._cuts_left and seen >= self._cut_after:
                    self._cuts_left -= 1
                    if self._reset:
                        # Browsers throw away what a page has not read yet: the connection is to be lost, not the event.
                        await asyncio.sleep(0.1)
                        _reset(writer)
                    return


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextmanager
def faulty_network(upstream: int) -> Iterator[FaultyNetwork]:
    """A proxy in front of a port of the loopback, until the block ends."""
    network = FaultyNetwork(upstream)
    started: Future[asyncio.Event] = Future()

    async def run() -> None:
        network._loop, network._streams_pass = asyncio.get_running_loop(), asyncio.Event()
        network._streams_pass.set()
        await network._listen()
        over = asyncio.Event()
        started.set_result(over)
        await over.wait()
        await network._go_down()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="faulty-network", daemon=True)
    thread.start()
    over = started.result(10)
    try:
        yield network
    finally:
        network._loop.call_soon_threadsafe(over.set)
        thread.join(10)
