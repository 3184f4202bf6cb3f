"""Tails: who listens to an environment by WebSocket, from `POST …/tails` until its socket closes.

The address of a tail's socket carries no token, since wrangler sends none; the tail's id, 128 random bits,
is what a client must know.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol

import orjson

from engine.errors import NotFound
from engine.logs.filters import Filter
from engine.logs.logs import Logs
from engine.logs.record import Record

#: Seconds a tail lives, and seconds it waits for its client at first.
LIFETIME: Final = 6 * 3600
PATIENCE: Final = 600
#: Bytes that may wait for a slow client; what comes beyond is left out, as Cloudflare samples.
BEHIND: Final = 4 << 20
GONE: Final = 4000


class Socket(Protocol):
    """What a tail needs of its WebSocket (`engine.gateway.websocket.WebSocket`)."""

    @property
    def waiting(self) -> int:
        """Bytes not yet taken by the network."""
        ...

    def send(self, data: bytes, *, binary: bool) -> None:
        """Send a message."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Begin the close handshake."""
        ...


@dataclass(slots=True, eq=False)
class Tail:
    """One listener: `expires` is seconds since 1970."""

    id: str
    service: str
    environment: str
    passes: Filter
    expires: float
    socket: Socket | None = None
    stop: Callable[[], None] | None = field(default=None, repr=False)

    @property
    def expires_at(self) -> str:
        """When it ends, ISO 8601."""
        return datetime.fromtimestamp(self.expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def take(self, record: Record) -> None:
        """Tell the client of a record that passes its filters."""
        socket = self.socket
        if socket is not None and socket.waiting <= BEHIND and self.passes(record):
            socket.send(orjson.dumps(record.trace()), binary=False)


class Tails:
    """Every tail of this process."""

    def __init__(self) -> None:
        self._tails: dict[str, Tail] = {}

    def create(self, service: str, environment: str, passes: Filter) -> Tail:
        """A tail that waits for its client."""
        self._sweep()
        tail = Tail(secrets.token_hex(16), service, environment, passes, time.time() + LIFETIME)
        self._tails[tail.id] = tail
        return tail

    def listing(self, service: str, environment: str) -> list[Tail]:
        """An environment's tails."""
        self._sweep()
        return [
            each
            for each in self._tails.values()
            if (each.service, each.environment) == (service, environment)
        ]

    def find(self, tail_id: str) -> Tail | None:
        """The tail with this id whose socket is not open yet."""
        self._sweep()
        tail = self._tails.get(tail_id)
        return tail if tail is not None and tail.socket is None else None

    def attach(self, tail: Tail, socket: Socket, logs: Logs) -> None:
        """The client has come."""
        tail.socket = socket
        tail.stop = logs.listen(tail.service, tail.environment, tail.take)

    def delete(self, service: str, environment: str, tail_id: str) -> None:
        """End a tail; raises ApiError 10057 when there is none."""
        tail = self._tails.get(tail_id)
        if tail is None or (tail.service, tail.environment) != (service, environment):
            raise NotFound(10057, f"There is no tail {tail_id[:64]} of {service} ({environment})")
        self.end(tail)

    def end(self, tail: Tail, code: int = 1000) -> None:
        """Forget a tail; also when its client has gone."""
        self._tails.pop(tail.id, None)
        socket, tail.socket = tail.socket, None
        if tail.stop is not None:
            tail.stop()
            tail.stop = None
        if socket is not None:
            socket.close(code, "the tail has ended" if code == GONE else "")

    def _sweep(self) -> None:
        now = time.time()
        for tail in list(self._tails.values()):
            if now > tail.expires or (tail.socket is None and now > tail.expires - LIFETIME + PATIENCE):
                self.end(tail, GONE)
