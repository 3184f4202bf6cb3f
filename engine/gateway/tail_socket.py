"""The WebSockets of tails: `ws://127.0.0.1:PORT/tails/<id>`, as `POST …/tails` names them.

wrangler masks none of its frames here, against RFC 6455 §5.1, so they are taken either way. It sends one
message, `{"debug": …}`, which changes nothing, and pings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from engine.gateway.websocket import accept_key
from engine.logs.logs import Logs
from engine.logs.tails import Tail, Tails

if TYPE_CHECKING:
    from engine.gateway.server import Cycle

PREFIX: Final = "/tails/"
SUBPROTOCOL: Final = b"trace-v1"


class TailSockets:
    """Joins the sockets to their tails.

    Args:
        tails: those that `POST …/tails` has made.
        logs: what they listen to.
    """

    def __init__(self, tails: Tails, logs: Logs) -> None:
        self._tails = tails
        self._logs = logs

    async def answer(
        self,
        scope: MutableMapping[str, Any],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer a request below `PREFIX`: by an upgrade, or by a failure that says why not."""
        tail = self._tails.find(scope["path"].removeprefix(PREFIX))
        accept = accept_key(scope["headers"])
        if tail is None:
            await _refuse(send, 404, "There is no such tail, or it has its client already: make a new one.")
        elif accept is None:
            await _refuse(send, 426, "This is a tail's WebSocket: ask for an upgrade.")
        else:
            self._open(tail, accept, scope)

    def _open(self, tail: Tail, accept: bytes, scope: MutableMapping[str, Any]) -> None:
        cycle: Cycle = scope["svc.cycle"]
        offered = [value for name, value in scope["headers"] if name == b"sec-websocket-protocol"]
        protocols = [each.strip() for value in offered for each in value.split(b",")]
        headers = [(b"sec-websocket-protocol", SUBPROTOCOL)] if SUBPROTOCOL in protocols else []
        socket = cycle.upgrade(accept, headers, masked=False)
        if socket is None:
            self._tails.end(tail)
            return
        self._tails.attach(tail, socket, self._logs)
        socket.on_close = partial(self._closed, tail)
        socket.start()

    def _closed(self, tail: Tail, code: int, reason: str, clean: bool) -> None:
        self._tails.end(tail)


async def _refuse(
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]], status: int, message: str
) -> None:
    from engine.api.envelope import failure_body  # here: most processes never need it

    body = failure_body(10057 if status == 404 else 10001, message)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
