"""Bodies in chunks between host and isolate, with credit both ways; js/src/flow.js is the other end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from .errors import WorkerError
from .frames import BROKEN, CHUNK, CHUNK_BYTES, CREDIT, END, STOP, STREAM, WHOLE, WINDOW, dumps, pack
from .http import Body, close
from .passed import Passed

if TYPE_CHECKING:
    from .invocation import Invocation

Send = Callable[[bytes], None]


class Receiver(AsyncIterator[bytes]):
    """A body that an isolate sends, as an asynchronous iterator of chunks.

    Args:
        number: The stream's id.
        send: Puts a frame on the way to the isolate.
        ended: Called once, when it has ended or was closed.
    """

    def __init__(self, number: int, send: Send, ended: Callable[[int], None]) -> None:
        self._number = number
        self._send = send
        self._ended: Callable[[int], None] | None = ended
        self._chunks: deque[bytes] = deque()
        self._over = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._unacknowledged = 0

    def __aiter__(self) -> Receiver:
        return self

    async def __anext__(self) -> bytes:
        while not self._chunks:
            if self._over:
                error, self._error = self._error, None
                if error is not None:
                    raise error
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        chunk = self._chunks.popleft()
        self._unacknowledged += len(chunk)
        if not self._over and self._unacknowledged >= WINDOW // 4:
            self._send(pack(CREDIT, 0, self._number, b"%d" % self._unacknowledged))
            self._unacknowledged = 0
        return chunk

    async def aclose(self) -> None:
        """Nobody reads the rest."""
        self.stop()

    def stop(self) -> None:
        """Nobody reads the rest."""
        self._chunks.clear()
        if not self._over:
            self._send(pack(STOP, 0, self._number))
            self.end(None)

    def feed(self, chunk: bytes) -> None:
        """Take a chunk from the isolate."""
        if not self._over and chunk:
            self._chunks.append(chunk)
            self._wake()

    def end(self, error: Exception | None) -> None:
        """Nothing more follows; ``error`` is raised to the reader after what has come."""
        if self._over:
            return
        self._over = True
        self._error = error
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(self._number)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Sender:
    """A body on its way to an isolate, from when that first reads from it.

    Args:
        number: The stream's id.
        body: All of it, or its chunks.
        send: Puts a frame on the way to the isolate.
        ended: Called once, when all is sent or nobody wants the rest.
    """

    def __init__(
        self, number: int, body: bytes | AsyncIterator[bytes], send: Send, ended: Callable[[int], None]
    ) -> None:
        self._number = number
        self._body = body
        self._send = send
        self._ended = ended
        self._credit = 0
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def credit(self, size: int) -> None:
        """The isolate has read ``size`` bytes."""
        self._credit += size
        self._more.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Nobody wants the rest."""
        if self._task is None:
            self._ended(self._number)
            self._task = asyncio.get_running_loop().create_task(close(self._body))
        else:
            self._task.cancel()

    def give_up(self) -> bytes | AsyncIterator[bytes]:
        """The body, of which nothing was sent: whoever calls this has it from now on."""
        self._ended(self._number)
        return self._body

    async def _run(self) -> None:
        try:
            if isinstance(self._body, bytes):
                await self._chunk(self._body)
            else:
                async for chunk in self._body:
                    await self._chunk(bytes(chunk))
            self._send(pack(CHUNK, END, self._number))
        except asyncio.CancelledError:
            await close(self._body)
            raise
        except Exception as error:
            message = error.message if isinstance(error, WorkerError) else str(error)
            self._send(
                pack(CHUNK, END | BROKEN, self._number, dumps(["Error", message or type(error).__name__]))
            )
        finally:
            self._ended(self._number)

    async def _chunk(self, chunk: bytes) -> None:
        for at in range(0, len(chunk), CHUNK_BYTES):
            while self._credit <= 0:
                self._more.clear()
                await self._more.wait()
            part = chunk[at : at + CHUNK_BYTES]
            self._credit -= len(part)
            self._send(pack(CHUNK, 0, self._number, b"", part))


class Bodies:
    """All streams of one isolate.

    Args:
        send: Puts a frame on the way to the isolate.
        ended: Told the id of a stream from the isolate that has ended.
    """

    def __init__(self, send: Send, ended: Callable[[int], None]) -> None:
        self._send = send
        self._ended = ended
        self._receivers: dict[int, Receiver] = {}
        self._senders: dict[int, Sender] = {}

    def take(self, flags: int, number: int, raw: bytes) -> Body:
        """The body that a frame from the isolate has or announces."""
        if flags & WHOLE:
            return raw
        if not flags & STREAM:
            return None
        receiver = self._receivers[number] = Receiver(number, self._send, self._received)
        return receiver

    def send(self, number: int, body: bytes | AsyncIterator[bytes]) -> None:
        """Send a body in chunks."""
        self._senders[number] = Sender(number, body, self._send, self._sent)

    def feed(self, number: int, chunk: bytes, ended: bool, error: Exception | None) -> None:
        """Take a chunk from the isolate, or the end of a stream."""
        receiver = self._receivers.get(number)
        if receiver is not None:
            receiver.feed(chunk)
            if ended:
                receiver.end(error)

    def pass_on(
        self, number: int, invocation: Invocation, size: int | None = None
    ) -> bytes | AsyncIterator[bytes]:
        """A body that was to go to the isolate, and goes elsewhere unread; `size` is its bytes, if known."""
        sender = self._senders.get(number)
        body = b"" if sender is None else sender.give_up()
        return body if isinstance(body, bytes) else Passed(body, invocation, size)

    def credit(self, number: int, size: int) -> None:
        """The isolate has read ``size`` bytes."""
        sender = self._senders.get(number)
        if sender is not None:
            sender.credit(size)

    def stop_sending(self, number: int) -> None:
        """The isolate does not want the rest."""
        sender = self._senders.get(number)
        if sender is not None:
            sender.stop()

    def stop_reading(self, number: int) -> None:
        """The host does not want the rest."""
        receiver = self._receivers.get(number)
        if receiver is not None:
            receiver.stop()

    def reading(self, number: int) -> bool:
        """Whether that stream from the isolate is still open."""
        return number in self._receivers

    def close(self, error: Exception) -> None:
        """The isolate is gone: readers get ``error``."""
        for sender in list(self._senders.values()):
            sender.stop()
        for receiver in list(self._receivers.values()):
            receiver.end(error)

    def _received(self, number: int) -> None:
        self._receivers.pop(number, None)
        self._ended(number)

    def _sent(self, number: int) -> None:
        self._senders.pop(number, None)
