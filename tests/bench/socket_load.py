"""A light WebSocket load generator: connections that send a message and wait for it to come back."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import cast

from load import Result

#: A masked text frame whose mask is zero: 32 bytes of payload.
_PAYLOAD = b"a message of thirty-two letters."
_FRAME = bytes((0x81, 0x80 | len(_PAYLOAD), 0, 0, 0, 0)) + _PAYLOAD
_ANSWER = bytes((0x81, len(_PAYLOAD))) + _PAYLOAD


class Client(asyncio.Protocol):
    """One connection.

    Args:
        head: the opening handshake.
        opened: set when the server has agreed to it.
    """

    def __init__(self, head: bytes, opened: asyncio.Future[None]) -> None:
        self.head, self.opened = head, opened
        self.transport: asyncio.Transport | None = None
        self.received = bytearray()
        self.latencies: list[float] | None = None
        self.faults: list[str] = []
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.head)

    def data_received(self, data: bytes) -> None:
        """The answer to the handshake, then messages."""
        self.received += data
        if not self.opened.done():
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return
            if b" 101 " not in self.received[:end]:
                self.opened.set_exception(RuntimeError(bytes(self.received[:200]).decode("latin-1")))
                return
            del self.received[: end + 4]
            self.opened.set_result(None)
        while self.latencies is not None and len(self.received) >= len(_ANSWER):
            if not self.received.startswith(_ANSWER):
                self.faults.append("another message came back")
            del self.received[: len(_ANSWER)]
            self.latencies.append(time.perf_counter() - self.sent)
            self.send()

    def send(self) -> None:
        """The next message."""
        if self.transport is not None:
            self.sent = time.perf_counter()
            self.transport.write(_FRAME)

    def connection_lost(self, error: Exception | None) -> None:
        """It ended."""
        self.faults.append("the connection was closed")
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("it was closed at once"))


async def connect(port: int, host: str, path: str) -> Client:
    """An open connection."""
    head = (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    opened = loop.create_future()
    _, client = await loop.create_connection(lambda: Client(head, opened), "127.0.0.1", port)
    await opened
    return client


async def echo(
    port: int,
    host: str,
    connections: int,
    seconds: float,
    path: str,
    probe: Callable[[], float] = float,
) -> Result:
    """Keep a server busy with messages and count; as `load.load`."""
    clients = [await connect(port, host, path) for _ in range(connections)]
    latencies: list[float] = []
    for client in clients:
        client.latencies = latencies
        client.send()
    await asyncio.sleep(seconds / 5)
    latencies.clear()
    began, used = time.perf_counter(), probe()
    await asyncio.sleep(seconds)
    took, found = time.perf_counter() - began, list(latencies)
    used = probe() - used
    bad = sum(len(client.faults) for client in clients)
    for client in clients:
        client.latencies = None
        if client.transport is not None:
            client.transport.abort()
    if len(found) < 2:
        return Result(0.0, 0.0, 0.0, bad)
    parts = statistics.quantiles(found, n=100)
    return Result(len(found) / took, parts[49] * 1000, parts[98] * 1000, bad, used * 1000 / len(found))
