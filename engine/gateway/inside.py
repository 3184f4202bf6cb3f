"""The API's application asked from inside the process, for the `platform` binding.

A request goes through the same door as one from the network: with a token, or nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from engine.runtime.http import Request, Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

#: Chunks of an answer that wait for who reads it.
AHEAD = 4


class Inside:
    """Answers requests with an ASGI application, streaming both ways.

    Args:
        application: the API.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, request: Request) -> Response:
        """One request; its host means nothing.

        Raises:
            RuntimeError: the application ended without an answer.
        """
        answer = _Answer()
        task = asyncio.ensure_future(
            self._application(_scope(request), _Given(request.body).receive, answer.send)
        )
        answer.task = task
        task.add_done_callback(answer.ended)
        try:
            start = await answer.next()
            first = await answer.next()
        except BaseException:
            task.cancel()
            raise
        status = int(start["status"])
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        content: bytes = first.get("body", b"")
        if not first.get("more_body", False):
            return Response(status, "", headers, content)
        answer.begun = content
        return Response(status, "", headers, answer)


class _Answer:
    """An answer as it comes; an iterator of its body, which ends the application when it is closed."""

    def __init__(self) -> None:
        self.task: asyncio.Future[None] | None = None
        self.begun = b""
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue(AHEAD)
        self._over = False

    async def send(self, message: Message) -> None:
        """What the application answers with."""
        await self._messages.put(message)

    def ended(self, task: asyncio.Future[None]) -> None:
        """The application has returned; who waits for more of it hears so."""
        self._over = True
        if self._messages.empty():
            self._messages.put_nowait(None)
        if not task.cancelled():
            task.exception()  # seen: `next` raises it

    async def next(self) -> Message:
        """The next message; raises what the application raised."""
        if self._over and self._messages.empty():
            message = None
        else:
            message = await self._messages.get()
        if message is None:
            if self.task is not None and self.task.done() and not self.task.cancelled():
                error = self.task.exception()
                if error is not None:
                    raise error
            raise RuntimeError("the API ended in the middle of its answer")
        return message

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self.begun:
            chunk, self.begun = self.begun, b""
            return chunk
        if self._last:
            raise StopAsyncIteration
        message = await self.next()
        self._last = not message.get("more_body", False)
        body: bytes = message.get("body", b"")
        if not body and self._last:
            raise StopAsyncIteration
        return body

    _last = False

    async def aclose(self) -> None:
        """Nobody reads on."""
        self._last = True
        if self.task is not None:
            self.task.cancel()


class _Given:
    """A request's body as ASGI hands it over."""

    def __init__(self, body: bytes | AsyncIterator[bytes] | None) -> None:
        self._body = body
        self._done = False

    async def receive(self) -> Message:
        """The next part; after the last one it waits, as a client who listens does."""
        if self._done:
            await asyncio.get_running_loop().create_future()
        if self._body is None or isinstance(self._body, bytes):
            self._done = True
            return {"type": "http.request", "body": self._body or b"", "more_body": False}
        chunk = await anext(self._body, None)
        self._done = chunk is None
        return {"type": "http.request", "body": chunk or b"", "more_body": not self._done}


def _scope(request: Request) -> Message:
    parts = urlsplit(request.url)
    path = parts.path or "/"
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},  # 2.4: streams do not wait for a disconnect
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": path,
        "raw_path": path.encode("latin-1", "replace"),
        "query_string": parts.query.encode("latin-1", "replace"),
        "root_path": "",
        "headers": [
            (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in request.headers
        ],
        "server": None,
        "client": None,
    }
