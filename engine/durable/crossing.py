"""The other end of an object's socket in an isolate: a worker, or an object, that has accepted it itself."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

from engine.durable.object_socket import ABNORMAL, LOST
from engine.runtime.http import close as close_body
from engine.runtime.messages import BINARY, CLOSE, TEXT, Unpacker, close_of, pack, pack_close

log = logging.getLogger("engine.durable")


class Crossing:
    """A `Line` between two bodies of messages (`engine.runtime.messages`).

    It is itself what the isolate reads: an asynchronous iterator of chunks, whose last message is a close.

    Args:
        body: what the isolate sends.
    """

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self.on_message: Callable[[bool, bytes], None] | None = None
        self.on_close: Callable[[int, str, bool], None] | None = None
        self._body = body
        self._out: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._waiter: asyncio.Future[None] | None = None
        self._reads = asyncio.Event()
        self._reads.set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read what the isolate sends."""
        self._task = asyncio.get_running_loop().create_task(self._read())

    # ------------------------------------------------------------------ to the isolate

    @property
    def waiting(self) -> int:
        """Bytes that the isolate has not read."""
        return self._size

    def send(self, data: bytes, *, binary: bool) -> None:
        """Send a message."""
        self._put(pack(BINARY if binary else TEXT, data))

    def close(self, code: int, reason: str) -> None:
        """Send a close, the last message."""
        self._put(pack_close(code, reason))
        self._end()

    def abort(self) -> None:
        """End it as a connection that was lost."""
        self._out.clear()
        self.close(ABNORMAL, "")
        self._lost()

    def pause_reading(self) -> None:
        """Make the isolate wait."""
        self._reads.clear()

    def resume_reading(self) -> None:
        """Go on."""
        self._reads.set()

    def _put(self, message: bytes) -> None:
        if not self._ended:
            self._out.append(message)
            self._size += len(message)
            self._wake()

    def _end(self) -> None:
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def __aiter__(self) -> Crossing:
        return self

    async def __anext__(self) -> bytes:
        while not self._out:
            if self._ended:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        found = b"".join(self._out)
        self._out.clear()
        self._size = 0
        return found

    async def aclose(self) -> None:
        """The isolate reads nothing more."""
        self._end()
        self._lost()

    # ------------------------------------------------------------------ from the isolate

    async def _read(self) -> None:
        unpacker = Unpacker()
        try:
            async for chunk in self._body:
                for kind, payload in unpacker.feed(chunk):
                    if kind == CLOSE:
                        code, reason = close_of(payload)
                        self._tell(code, reason if code != ABNORMAL else LOST, code != ABNORMAL)
                        return
                    if self.on_message is not None:
                        self.on_message(kind == BINARY, payload)
                await self._reads.wait()
        except Exception as error:
            log.info("a WebSocket between isolates was cut off: %r", error)
        finally:
            self._lost()
            await close_body(self._body)

    def _lost(self) -> None:
        self._tell(ABNORMAL, LOST, False)

    def _tell(self, *how: Any) -> None:
        listener, self.on_close = self.on_close, None
        if listener is not None:
            listener(*how)
