"""Bytes that gather until somebody reads them, all at once: a body of messages that come from elsewhere."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator


class Gathered(AsyncIterator[bytes]):
    """A body of what is put into it.

    Attributes:
        size: Bytes that wait for the reader.
    """

    __slots__ = ("_chunks", "_over", "_waiter", "size")

    def __init__(self) -> None:
        self.size = 0
        self._chunks: deque[bytes] = deque()
        self._over = False
        self._waiter: asyncio.Future[None] | None = None

    def put(self, chunk: bytes) -> None:
        """Add some; nothing once it has ended."""
        if not self._over:
            self._chunks.append(chunk)
            self.size += len(chunk)
            self._wake()

    def end(self) -> None:
        """Nothing more comes."""
        self._over = True
        self._wake()

    def clear(self) -> None:
        """Forget what waits."""
        self._chunks.clear()
        self.size = 0

    async def __anext__(self) -> bytes:
        while not self._chunks:
            if self._over:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        found = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self.clear()
        return found

    async def aclose(self) -> None:
        """Nobody reads the rest."""
        self.end()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
