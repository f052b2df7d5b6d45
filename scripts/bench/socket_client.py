"""A Socket.IO client of a few lines, so that hundreds in one process cost less than what they measure."""

import asyncio
import base64
import json
import os
import struct
from collections.abc import Mapping


async def join(
    port: int, conversation_id: str, auth: Mapping[str, str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connects over WebSocket and joins a conversation's room."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    nonce = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101"), head
    await read_frame(reader)
    send_frame(writer, b"40" + json.dumps(auth).encode())
    while not (answer := await read_frame(reader)).startswith(b"40"):
        assert answer and not answer.startswith(b"44"), answer
    said = ["join_conversation", {"conversation_id": conversation_id}]
    send_frame(writer, b"421" + json.dumps(said).encode())
    while not (answer := await read_frame(reader)).startswith(b"43"):
        assert answer, "the server hung up"
    assert b'"ok":true' in answer, answer
    return reader, writer


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """The next message; empty at the end. The server's frames are whole and unmasked (RFC 6455, section 5.2)."""
    try:
        _, length = await reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await reader.readexactly(8))
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def send_frame(writer: asyncio.StreamWriter, message: bytes) -> None:
    """Sends a message of less than 64 kB, masked by zeros."""
    size = bytes([0x80 | len(message)]) if len(message) < 126 else b"\xfe" + struct.pack("!H", len(message))
    writer.write(b"\x81" + size + b"\0\0\0\0" + message)
