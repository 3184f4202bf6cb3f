"""Bodies that go past an isolate: it hands on what it was given, and the bytes never come to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from .errors import Canceled, ScriptException, WorkerError
from .http import close

if TYPE_CHECKING:
    from .invocation import Invocation


class Passed(AsyncIterator[bytes]):
    """A body that an isolate passes on unread: from host to host, and on its own when the isolate ends.

    Args:
        body: Its chunks.
        invocation: Who passes it on; open until the body has ended.
        size: How many bytes it has, where that is known.
    """

    def __init__(self, body: AsyncIterator[bytes], invocation: Invocation, size: int | None = None) -> None:
        self.size = size
        self._body = body
        self._invocation = invocation
        self._over = False
        self._canceled: Canceled | None = None
        self._next: asyncio.Task[bytes | None] | None = None
        invocation.hold()
        invocation.on_cancel(self._cancel)

    async def __anext__(self) -> bytes:
        if self._canceled is not None:
            await self.aclose()
            raise self._canceled
        if self._over:
            raise StopAsyncIteration
        self._next = asyncio.get_running_loop().create_task(self._read())
        try:
            chunk = await self._next
        except asyncio.CancelledError:
            await self.aclose()
            if self._canceled is None or not self._next.cancelled():
                raise
            raise self._canceled from None
        except Exception as error:
            await self.aclose()
            raise self._broken(error) from error
        if chunk is None:
            self._end()
            raise StopAsyncIteration
        return chunk

    async def _read(self) -> bytes | None:
        return await anext(self._body, None)

    def _broken(self, error: Exception) -> WorkerError:
        if not isinstance(error, WorkerError):
            error = ScriptException(str(error) or type(error).__name__)
        if self._invocation.outcome == "ok":
            self._invocation.outcome = error.outcome
        self._invocation.on_exception(error)
        return error

    def _cancel(self, reason: str) -> None:
        if self._over:
            return
        self._invocation.outcome = "canceled"
        self._canceled = Canceled(reason)
        if self._next is not None:
            self._next.cancel()

    async def aclose(self) -> None:
        """Nobody reads the rest."""
        if not self._over:
            self._end()
            await close(self._body)

    def _end(self) -> None:
        self._over = True
        self._invocation.release()
