"""A light HTTP load generator: keep-alive connections, one request at a time on each, httptools parses."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools


@dataclass(frozen=True)
class Result:
    """What a round of load measured."""

    rate: float
    """Answers a second."""
    p50: float
    """Median latency in milliseconds."""
    p99: float
    """99th percentile in milliseconds."""
    bad: int
    """Answers that were not 200, and connections that broke."""
    cpu: float = 0.0
    """Milliseconds of processor an answer, of all that ``probe`` watches; tells more on a busy machine."""


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, request: bytes, latencies: list[float], faults: list[str]) -> None:
        self.request, self.latencies, self.faults = request, latencies, faults
        self.transport: asyncio.Transport | None = None
        self.sent = 0.0
        self.open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's has another base class
        self._send()

    def _send(self) -> None:
        if self.transport is not None and self.open:
            self.parser = httptools.HttpResponseParser(self)
            self.sent = time.perf_counter()
            self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.faults.append(str(error))
            self.close()

    def on_message_complete(self) -> None:
        self.latencies.append(time.perf_counter() - self.sent)
        if self.parser.get_status_code() != 200:
            self.faults.append(str(self.parser.get_status_code()))
        # Not from inside the parser that is still being fed.
        asyncio.get_running_loop().call_soon(self._send)

    def connection_lost(self, error: Exception | None) -> None:
        if self.open:
            self.faults.append("the connection was closed")

    def close(self) -> None:
        self.open = False
        if self.transport is not None:
            self.transport.close()


async def load(
    port: int,
    host: str,
    connections: int,
    seconds: float,
    path: str = "/",
    probe: Callable[[], float] = float,
) -> Result:
    """Keep a server busy and count.

    Args:
        port: where it listens on 127.0.0.1.
        host: the Host header.
        connections: how many requests are in flight at any time.
        seconds: how long it is measured, after a fifth of that to warm up.
        path: what is asked for.
        probe: gives the seconds of processor that the server has used.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    latencies: list[float] = []
    faults: list[str] = []
    loop = asyncio.get_running_loop()
    open_: list[_Connection] = []
    for _ in range(connections):
        _, protocol = await loop.create_connection(
            lambda: _Connection(request, latencies, faults), "127.0.0.1", port
        )
        open_.append(protocol)
    await asyncio.sleep(seconds / 5)
    latencies.clear()
    faults.clear()
    began, used = time.perf_counter(), probe()
    await asyncio.sleep(seconds)
    took, found, bad = time.perf_counter() - began, list(latencies), len(faults)
    used = probe() - used
    for protocol in open_:
        protocol.close()
    if len(found) < 2:
        return Result(0.0, 0.0, 0.0, bad)
    parts = statistics.quantiles(found, n=100)
    return Result(len(found) / took, parts[49] * 1000, parts[98] * 1000, bad, used * 1000 / len(found))
