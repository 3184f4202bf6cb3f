"""The body of a client's request, as it arrives."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, Final

KEPT: Final = 1024 * 1024
"""Bytes that are remembered for who reads a body again."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientBody(AsyncIterator[bytes]):
    """A request's body; reading it slowly makes the client send slowly.

    Args:
        receive: gives ASGI's messages.
        remember: whether it may have to be read again: `again`.
    """

    def __init__(self, receive: Receive, remember: bool) -> None:
        self._receive = receive
        self._kept: list[bytes] | None = [] if remember else None
        self._size = 0
        self._replay: deque[bytes] = deque()
        self._ended = False

    async def __anext__(self) -> bytes:
        if self._replay:
            return self._replay.popleft()
        while not self._ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("the client went away before its request body was complete")
            chunk: bytes = message["body"]
            self._ended = not message["more_body"]
            if chunk:
                self._remember(chunk)
                return chunk
        raise StopAsyncIteration

    def again(self) -> bool:
        """Begin anew, with what was read; False when that was not remembered, or is too much."""
        if self._kept is None:
            return False
        self._replay.extend(self._kept)
        self._kept = None
        return True

    def _remember(self, chunk: bytes) -> None:
        if self._kept is None:
            return
        self._size += len(chunk)
        if self._size > KEPT:
            self._kept = None
        else:
            self._kept.append(chunk)
