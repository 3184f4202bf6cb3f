"""WebSockets from clients to workers: between the frames of a connection and a worker's bodies.

The worker gets the client's messages as its request's body and answers with status 101 and a body of its
own messages (`engine.runtime.messages`). A close goes across like a message: the worker answers the client's
Close frame, and says when it closes itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from engine.durable import sockets
from engine.gateway.websocket import ABNORMAL, WebSocket
from engine.runtime.errors import Unavailable
from engine.runtime.gathered import Gathered
from engine.runtime.http import close as close_body
from engine.runtime.messages import BINARY, CLOSE, TEXT, Unpacker, close_of, pack, pack_close

if TYPE_CHECKING:
    from engine.gateway.server import Cycle
    from engine.runtime.http import Response

#: Bytes of messages that may wait for the worker before the client has to wait.
WAITING: Final = 1 << 18
#: What a client is told when the worker's isolate ends: it failed, or it was let go for a new version.
FAILED: Final = 1011
RESTARTED: Final = 1012
#: Field lines of the handshake that the gateway itself answers.
_OWN: Final = frozenset(
    {b"upgrade", b"connection", b"sec-websocket-accept", b"sec-websocket-extensions", b"content-length"}
)

log = logging.getLogger("engine.gateway")


class ClientMessages(Gathered):
    """What a client sends, as the body of its request: an asynchronous iterator of packed messages."""

    __slots__ = ("_socket",)

    def __init__(self) -> None:
        super().__init__()
        self._socket: WebSocket | None = None

    def clear(self) -> None:
        """The worker has read what waited: the client may go on."""
        if self.size > WAITING and self._socket is not None:
            self._socket.resume_reading()
        super().clear()

    def attach(self, socket: WebSocket) -> None:
        """The connection is a WebSocket now."""
        self._socket = socket
        socket.on_message = self._take
        socket.on_close = self._closed

    def _take(self, binary: bool, data: bytes) -> None:
        self.put(pack(BINARY if binary else TEXT, data))
        if self.size > WAITING and self._socket is not None:
            self._socket.pause_reading()

    def _closed(self, code: int, reason: str, clean: bool) -> None:
        self.put(pack_close(code if clean else ABNORMAL, reason))
        self.end()


#: What passes on the messages of open sockets: the event loop itself holds tasks only weakly.
_tasks: set[asyncio.Task[None]] = set()


async def start(
    response: Response,
    headers: list[tuple[bytes, bytes]],
    client: ClientMessages,
    accept: bytes,
    cycle: Cycle,
) -> None:
    """Answer 101, and have messages passed on until both ends have closed.

    It does not wait for that, so that an idle socket keeps nothing of its request in memory.

    A socket that a Durable Object sleeps beside is joined to that object, wherever its response came through.

    Args:
        response: the worker's, with status 101 and a body of messages, or an object's socket.
        headers: its field lines as they are sent.
        client: the request's body.
        accept: `websocket.accept_key` of the request.
        cycle: the request.
    """
    body = response.body
    own = [pair for pair in headers if pair[0].lower() not in _OWN]
    if response.socket is not None:
        client.end()
        _join(response.socket, cycle.upgrade(accept, own, answers_close=False))
        return
    if body is None or isinstance(body, bytes):
        raise TypeError("a response with status 101 has a stream of messages")
    socket = cycle.upgrade(accept, own, answers_close=False)
    if socket is None:
        client.end()
        await close_body(body)
        return
    client.attach(socket)
    socket.start()
    task = asyncio.get_running_loop().create_task(_pass_on(body, client, socket))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def _join(number: int, socket: WebSocket | None) -> None:
    """Join a connection, None when the client has gone, to a Durable Object's socket."""
    if socket is None:
        sockets.drop(number)
    elif sockets.attach(number, socket):
        socket.start()
    else:
        socket.close(FAILED)


async def _pass_on(body: AsyncIterator[bytes], client: ClientMessages, socket: WebSocket) -> None:
    """Send the worker's messages until it has closed its end."""
    unpacker = Unpacker()
    try:
        async for chunk in body:
            for kind, payload in unpacker.feed(chunk):
                if kind == CLOSE:
                    _close(socket, *close_of(payload))
                else:
                    socket.send(payload, binary=kind == BINARY)
            await socket.drain()
        socket.close(FAILED)  # unless it has closed: a worker's messages end with a close
    except Exception as error:
        log.info("a WebSocket was cut off: %r", error)
        socket.close(RESTARTED if isinstance(error, Unavailable) else FAILED)
    finally:
        client.end()
        await close_body(body)


def _close(socket: WebSocket, code: int, reason: str) -> None:
    if code == ABNORMAL:
        socket.abort()
    else:
        socket.close(code, reason)
