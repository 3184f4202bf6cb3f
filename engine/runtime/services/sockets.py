"""Outgoing TCP and TLS connections: ``connect()`` of ``cloudflare:sockets`` (js/src/sockets).

What the script writes is the body of the call that connects, what the server sends the body of its answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from engine.bindings.binding import Binding, BindingError, Result

from .fetch import OFF

if TYPE_CHECKING:
    from ..http import Body
    from ..invocation import Invocation

_READ_BYTES = 1 << 16
_CONNECT_SECONDS = 30.0
_CLOSE_SECONDS = 2.0
_REFUSED = "proxy request failed, cannot connect to the specified address"
_LOST = "Network connection lost."


class Connection:
    """One connection: a task sends what the script writes, and ``received`` gives what comes.

    Args:
        reader: Of the connection.
        writer: Of the connection.
        body: What the script writes.
        half_open: Whether the script may still write when the server has ended its side.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: Body, half_open: bool
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._half_open = half_open
        self._written = 0
        self._progress = asyncio.Event()
        self._sending = asyncio.get_running_loop().create_task(self._send(body))
        self._received_all = False

    async def received(self) -> AsyncIterator[bytes]:
        """What the server sends, to the end of its side."""
        try:
            while chunk := await self._read():
                yield chunk
            self._received_all = True
        finally:
            # Without the end it was called off: by the script, or with the isolate.
            if not self._received_all or not self._half_open or self._sending.done():
                await self.close()

    async def written(self, size: int) -> None:
        """Wait until ``size`` bytes of the script's have gone out, or no more will."""
        while self._written < size and not self._sending.done():
            self._progress.clear()
            waiting = asyncio.ensure_future(self._progress.wait())
            await asyncio.wait([waiting, self._sending], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    async def start_tls(self, context: ssl.SSLContext, hostname: str) -> None:
        """Go on in TLS.

        Raises:
            OSError: The handshake failed.
        """
        await self._writer.start_tls(context, server_hostname=hostname)

    async def close(self) -> None:
        """Close both sides; what was written has gone out, or cannot any more."""
        self._sending.cancel()
        self._writer.close()
        # The server may be gone, or may not answer TLS's goodbye.
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), _CLOSE_SECONDS)

    def abort(self) -> None:
        """Close both sides now."""
        self._sending.cancel()
        self._writer.transport.abort()

    async def _read(self) -> bytes:
        try:
            return await self._reader.read(_READ_BYTES)
        except OSError as error:
            raise BindingError(_LOST) from error

    async def _send(self, body: Body) -> None:
        if body is None or isinstance(body, bytes):
            return
        try:
            async for chunk in body:
                self._writer.write(chunk)
                await self._writer.drain()
                self._written += len(chunk)
                self._progress.set()
            # TLS has no half: there the other side learns of the end when the socket is closed.
            if self._writer.can_write_eof():
                self._writer.write_eof()
        except (OSError, RuntimeError):
            return  # the reading side tells the script
        except BindingError:
            self._writer.transport.abort()
        finally:
            closing = getattr(body, "aclose", None)
            if closing is not None:
                await closing()
        if self._received_all:
            await self._end()

    async def _end(self) -> None:
        self._writer.close()


class OutgoingSockets(Binding):
    """The network below HTTP, in the shape of a binding: so every connection is traced as a fetch is."""

    type: ClassVar[str] = "connect"

    def __init__(self) -> None:
        super().__init__("connect")
        self._open: dict[str, Connection] = {}
        self._context: asyncio.Task[ssl.SSLContext] | None = None

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """Do ``connect [{hostname, port, secure, allowHalfOpen}]``, or ``startTls``, ``close`` or ``abort``
        ``[id, bytes written, …]``.

        Returns:
            Of connect: ``{id, duplex, remoteAddress, localAddress}``, and what comes as body.

        Raises:
            BindingError: There is no connection, or TLS failed.
        """
        if operation == "connect":
            return await self._connect(invocation, args[0], body)
        connection = self._open.get(args[0])
        if connection is None:
            if operation == "startTls":
                raise BindingError(_LOST)
            return Result()  # the server was first
        if operation == "abort":
            connection.abort()
            return Result()
        await connection.written(args[1])
        if operation == "close":
            await connection.close()
            return Result()
        try:
            await connection.start_tls(await self._tls(), args[2])
        except (OSError, RuntimeError) as error:
            connection.abort()
            raise BindingError(f"TLS Handshake Failed: {error or type(error).__name__}") from error
        return Result()

    def subject(self, operation: str, args: list[Any]) -> str:
        """``host:port``."""
        return f"{args[0]['hostname']}:{args[0]['port']}" if operation == "connect" else ""

    def outcome(self, operation: str, result: Result) -> str:
        """The address that was reached."""
        return str(result.value["remoteAddress"]) if operation == "connect" else ""

    async def close(self) -> None:
        """End every connection."""
        for connection in list(self._open.values()):
            connection.abort()

    async def _connect(self, invocation: Invocation, target: dict[str, Any], body: Body) -> Result:
        host = target["hostname"]
        if not invocation.tree.network:
            await _drop(body)
            raise BindingError(f"{OFF}: {host}:{target['port']}")
        secure = {"ssl": await self._tls(), "server_hostname": host} if target["secure"] else {}
        # RFC 6761 §6.3: these names are this machine, whether or not the resolver knows them.
        address = "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else host
        try:
            async with invocation.tree.connections:
                opening = asyncio.open_connection(address, target["port"], limit=_READ_BYTES, **secure)
                reader, writer = await asyncio.wait_for(opening, _CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            await _drop(body)
            text = "TLS Handshake Failed" if isinstance(error, ssl.SSLError) else _REFUSED
            raise BindingError(f"{text}: {host}:{target['port']}: {error or 'timed out'}") from error
        connection = Connection(reader, writer, body, target["allowHalfOpen"])
        name = secrets.token_hex(16)
        self._open[name] = connection
        value = {
            "id": name,
            "duplex": True,
            "remoteAddress": _address(writer.get_extra_info("peername")),
            "localAddress": _address(writer.get_extra_info("sockname")),
        }
        return Result(value, self._received(name, connection))

    async def _received(self, name: str, connection: Connection) -> AsyncIterator[bytes]:
        try:
            async for chunk in connection.received():
                yield chunk
        finally:
            del self._open[name]

    async def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            # Reading the certificates takes tens of milliseconds.
            make = asyncio.to_thread(httpx.create_ssl_context)
            self._context = asyncio.get_running_loop().create_task(make)
        return await asyncio.shield(self._context)


async def _drop(body: Body) -> None:
    closing = getattr(body, "aclose", None)
    if closing is not None:
        await closing()


def _address(name: Any) -> str:
    if not isinstance(name, tuple):
        return ""
    host, port = name[0], name[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
