"""The other end of an object's socket in an isolate: a worker, or an object, that has accepted it itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from engine.durable.object_socket import ABNORMAL, LOST
from engine.runtime.gathered import Gathered
from engine.runtime.http import close as close_body
from engine.runtime.messages import BINARY, CLOSE, TEXT, Unpacker, close_of, pack, pack_close

log = logging.getLogger("engine.durable")


class Crossing(Gathered):
    """A `Line` between two bodies of messages (`engine.runtime.messages`).

    It is itself what the isolate reads; the last message is a close.

    Args:
        body: what the isolate sends.
    """

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        super().__init__()
        self.on_message: Callable[[bool, bytes], None] | None = None
        self.on_close: Callable[[int, str, bool], None] | None = None
        self._body = body
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
        return self.size

    def send(self, data: bytes, *, binary: bool) -> None:
        """Send a message."""
        self.put(pack(BINARY if binary else TEXT, data))

    def close(self, code: int, reason: str) -> None:
        """Send a close, the last message."""
        self.put(pack_close(code, reason))
        self.end()

    def abort(self) -> None:
        """End it as a connection that was lost."""
        self.clear()
        self.close(ABNORMAL, "")
        self._lost()

    def pause_reading(self) -> None:
        """Make the isolate wait."""
        self._reads.clear()

    def resume_reading(self) -> None:
        """Go on."""
        self._reads.set()

    async def aclose(self) -> None:
        """The isolate reads nothing more."""
        self.end()
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
