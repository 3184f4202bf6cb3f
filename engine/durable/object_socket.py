"""One WebSocket that an object has accepted to sleep beside: durable-objects/best-practices/websockets.

One that is idle has no task, no event and no isolate behind it: a connection, and a small object here.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine.runtime.messages import BINARY, CLOSE, close_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.durable.sockets import ObjectSockets

log = logging.getLogger("engine.durable")

#: Events of one socket that may be under way, and bytes of them: what comes beyond waits, the client too.
UNDER_WAY: Final = 64
WAITING: Final = 1 << 18
#: So many are under way however large they are: one may wait for the next.
FEW: Final = 4
#: Bytes of all sockets' events; beyond it every socket waits for its own to end.
ALL_WAITING: Final = 64 << 20
#: Bytes that a client may leave unread before its connection is given up.
UNREAD: Final = 32 << 20
#: Seconds within which somebody must have taken the other end of a socket that was given away.
UNCLAIMED: Final = 60.0
ABNORMAL: Final = 1006
LOST: Final = "WebSocket disconnected without sending Close frame."

_numbers = itertools.count(1)


class Line(Protocol):
    """The connection to the other end: the gateway's `WebSocket`, or a `Crossing` to another isolate."""

    on_message: Callable[[bool, bytes], None] | None
    on_close: Callable[[int, str, bool], None] | None

    @property
    def waiting(self) -> int:
        """Bytes that were not taken yet."""
        ...

    def send(self, data: bytes, *, binary: bool) -> None:
        """Send a message."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Begin, or end, the close handshake."""
        ...

    def abort(self) -> None:
        """End the connection without one."""
        ...

    def pause_reading(self) -> None:
        """Make the other end wait."""
        ...

    def resume_reading(self) -> None:
        """Go on."""
        ...


class _Flow:
    """Bytes of all events that are under way or wait."""

    total = 0


class ObjectSocket:
    """One socket of an object.

    Attributes:
        number: what JavaScript calls it by; unique in the process.
        tags: as `acceptWebSocket` was given them.
        attachment: what `serializeAttachment` has written; None is never.
        answered_at: when it was last answered automatically, in seconds since 1970.
        closed: the object has closed its end.
    """

    __slots__ = (
        "_early",
        "_ended",
        "_line",
        "_queue",
        "_running",
        "_size",
        "answered_at",
        "attachment",
        "closed",
        "number",
        "room",
        "tags",
    )

    def __init__(self, room: ObjectSockets, tags: tuple[str, ...], attachment: bytes | None) -> None:
        self.number = next(_numbers)
        self.room = room
        self.tags = tags
        self.attachment = attachment
        self.answered_at: float | None = None
        self.closed = False
        self._line: Line | None = None
        self._early: list[tuple[int, bytes]] | None = None
        self._queue: deque[tuple[str, dict[str, Any], bytes | None]] | None = None
        self._running = 0
        self._size = 0
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether nothing more may be told of it."""
        return self._ended

    # ------------------------------------------------------------------ its connection

    def attach(self, line: Line) -> bool:
        """The other end is there; False when the socket is gone, or has one already."""
        if self._ended or self._line is not None:
            return False
        self._line = line
        line.on_message = self._message
        line.on_close = self._closed
        early, self._early = self._early, None
        for operation, data in early or ():
            self.out(operation, data)
        return True

    def given(self) -> None:
        """Its other end is on its way to whoever asked for it."""
        asyncio.get_running_loop().call_later(UNCLAIMED, self.drop)

    def drop(self) -> None:
        """Nobody has taken the other end."""
        if self._line is None and not self._ended:
            self._closed(ABNORMAL, LOST, False)

    def out(self, operation: int, data: bytes) -> None:
        """Send what the object has said; its writes before that are on the disk."""
        line = self._line
        if operation == CLOSE:
            self.closed = True
        if line is None:
            if self._early is None:
                self._early = []
            self._early.append((operation, data))
        elif operation == CLOSE:
            line.close(*close_of(data))
        elif line.waiting > UNREAD:
            log.info("a WebSocket's client did not read %d bytes: given up", line.waiting)
            line.abort()
        else:
            line.send(data, binary=operation == BINARY)

    def end(self, code: int, reason: str) -> None:
        """Close it without telling the object, which is gone."""
        self._ended = True
        line, self._line = self._line, None
        if line is not None:
            line.on_message = line.on_close = None
            line.close(code, reason)
        self._forget_queue()

    # ------------------------------------------------------------------ what comes

    def _message(self, binary: bool, data: bytes) -> None:
        room = self.room
        if room.request is not None and not binary and data == room.request:
            self.answered_at = time.time()
            if not self.closed and self._line is not None:
                self._line.send(room.response, binary=False)
            return
        self._put("webSocketMessage", {"binary": binary}, data)

    def _closed(self, code: int, reason: str, clean: bool) -> None:
        if not clean and code != ABNORMAL:  # the peer broke the protocol
            self._put("webSocketError", {"message": reason}, None)
            return
        if clean and not self.closed and self.room.house.replies_to_close and self._line is not None:
            self.closed = True
            self._line.close(code, reason)
        payload = {"code": code, "reason": reason or ("" if clean else LOST), "clean": clean}
        self._put("webSocketClose", payload, None)

    def _put(self, name: str, payload: dict[str, Any], data: bytes | None) -> None:
        if self._ended:
            return
        _Flow.total += len(data or b"")
        if self._queue or self._full:
            if self._queue is None:
                self._queue = deque()
            self._queue.append((name, payload, data))
        else:
            self._start(name, payload, data)
        if self._line is not None and (self._queue or self._full):
            self._line.pause_reading()

    @property
    def _full(self) -> bool:
        large = self._size > WAITING or _Flow.total > ALL_WAITING
        return self._running >= (FEW if large else UNDER_WAY)

    def _start(self, name: str, payload: dict[str, Any], data: bytes | None) -> None:
        self._running += 1
        self._size += len(data or b"")
        payload["socket"] = self.number
        payload["ready"] = 2 if self.closed else 1
        if name != "webSocketMessage":
            payload["ready"] = 3 if self.closed or not payload.get("clean") else 2
        self.room.keep(self._deliver(name, payload, data))

    async def _deliver(self, name: str, payload: dict[str, Any], data: bytes | None) -> None:
        try:
            await self.room.house.socket_event(self, name, payload, data)
        finally:
            self._running -= 1
            self._size -= len(data or b"")
            _Flow.total -= len(data or b"")
            if name != "webSocketMessage":
                self._over(payload)
            else:
                self._go_on()

    def _go_on(self) -> None:
        queue = self._queue
        while queue and not self._full:
            self._start(*queue.popleft())
        if not queue:
            self._queue = None
            if self._line is not None and not self._full:
                self._line.resume_reading()

    def _over(self, payload: dict[str, Any]) -> None:
        """The last event has ended: what the object has not closed is closed for it."""
        self.room.forget(self)
        self._ended = True
        line, self._line = self._line, None
        if line is not None and payload.get("clean") and not self.closed:
            line.close(payload["code"], payload["reason"])
        self._forget_queue()

    def _forget_queue(self) -> None:
        for _, _, data in self._queue or ():
            _Flow.total -= len(data or b"")
        self._queue = self._early = None
