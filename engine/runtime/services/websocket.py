"""Outgoing WebSockets: ``new WebSocket(url)``, and ``fetch`` with ``Upgrade: websocket``.

The library is ``websockets``. Its handshake's own headers are its own; others go out as the script gave them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from engine.bindings.binding import BindingError, Result

from ..http import Body
from ..messages import BINARY, CLOSE, TEXT, Unpacker, close_of, pack, pack_close

MESSAGE_LIMIT: Final = 32 << 20
ABNORMAL: Final = 1006
NO_STATUS: Final = 1005
_OWN: Final = frozenset(
    {
        "host",
        "upgrade",
        "connection",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-extensions",
        "sec-websocket-protocol",
        "sec-websocket-accept",
        "content-length",
    }
)


async def open_socket(url: str, headers: list[tuple[str, str]], body: Body) -> Result:
    """Connect, and send what ``body`` has as messages.

    Args:
        url: http or https, as fetch has it.
        headers: The script's.
        body: The script's messages (``engine.runtime.messages``).

    Returns:
        The response's head, and for status 101 the server's messages as body.

    Raises:
        BindingError: A TypeError, as fetch has for every network error.
    """
    parts = urlsplit(url)
    target = urlunsplit(parts._replace(scheme="wss" if parts.scheme in ("https", "wss") else "ws"))
    where: dict[str, Any] = {}
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        # RFC 6761 §6.3: these names are this machine, whether or not the resolver knows them.
        where = {"host": "127.0.0.1", "port": parts.port or (443 if target.startswith("wss") else 80)}
    offered = [value for name, value in headers if name.lower() == "sec-websocket-protocol"]
    protocols = [Subprotocol(each.strip()) for value in offered for each in value.split(",") if each.strip()]
    try:
        connection = await connect(
            target,
            additional_headers=[pair for pair in headers if pair[0].lower() not in _OWN],
            subprotocols=protocols or None,
            compression=None,
            user_agent_header=None,
            max_size=MESSAGE_LIMIT,
            proxy=None,
            ping_interval=None,
            **where,
        )
    except InvalidStatus as error:  # it answers, but not with an upgrade
        answer = error.response
        head = _head(answer.status_code, answer.reason_phrase, list(answer.headers.raw_items()), url)
        return Result(head, bytes(answer.body or b""))
    except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
        message = f"Network connection lost. {url.split('?')[0]}: {error or type(error).__name__}"
        raise BindingError(message, "TypeError") from error
    response = connection.response
    fields = list(response.headers.raw_items()) if response is not None else []
    return Result(_head(101, "Switching Protocols", fields, url), _received(connection, body))


def _head(status: int, text: str, headers: list[tuple[str, str]], url: str) -> dict[str, Any]:
    return {"status": status, "statusText": text, "headers": headers, "url": url, "redirected": False}


async def _received(connection: ClientConnection, body: Body) -> AsyncIterator[bytes]:
    """The server's messages; what the script sends goes out meanwhile."""
    sending = asyncio.get_running_loop().create_task(_send(connection, body))
    try:
        while True:
            try:
                message = await connection.recv(decode=None)
            except ConnectionClosed as error:
                received = error.rcvd
                if received is None:
                    yield pack_close(ABNORMAL)
                else:
                    yield pack_close(received.code, received.reason)
                return
            if isinstance(message, str):
                yield pack(TEXT, message.encode())
            else:
                yield pack(BINARY, message)
    finally:
        sending.cancel()
        await connection.close()


async def _send(connection: ClientConnection, body: Body) -> None:
    """Send the script's messages until it closes, or the connection has ended."""
    unpacker = Unpacker()
    try:
        if body is None or isinstance(body, bytes):
            return
        async for chunk in body:
            for kind, payload in unpacker.feed(chunk):
                if kind == CLOSE:
                    code, reason = close_of(payload)
                    if code in (ABNORMAL, NO_STATUS):
                        code = 1000
                    await connection.close(code, reason)
                elif kind == BINARY:
                    await connection.send(payload)
                else:
                    await connection.send(payload, text=True)
    except ConnectionClosed:
        return  # the receiving side tells the script
    finally:
        close = getattr(body, "aclose", None)
        if close is not None:
            await close()
