"""The HTTP server: uvicorn with httptools and uvloop on a listening socket that it did not open.

The supervisor owns the socket, so the port stays open while this process is replaced. Three things are
added to uvicorn's protocol: the reason phrase of a response, which ASGI cannot carry, being told of a
lost connection without a task that waits for it, and handing the connection over to a WebSocket.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, cast

import httptools
import uvicorn
from uvicorn._types import ASGI3Application, ASGISendEvent
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from engine.gateway.listen import BACKLOG
from engine.gateway.websocket import WebSocket

#: Seconds that requests in flight get to finish when the process is asked to stop.
GRACE = 10
#: Seconds an idle connection stays open; clients that keep connections for less never meet a closed one.
KEEP_ALIVE = 75
#: Seconds after the last connection was accepted until those without a request are closed.
JUST_CONNECTED = 0.05
#: Bytes that a client may send behind a request to upgrade before it is answered.
EARLY = 64 * 1024


class Cycle(RequestResponseCycle):
    """One request and its response; the application finds it in the scope as "svc.cycle"."""

    on_disconnect: Callable[[], None] | None = None
    """Called when the client goes away before the response is complete."""

    async def send(self, message: ASGISendEvent) -> None:
        """As uvicorn's, but "http.response.start" may carry a "reason" (bytes, not empty)."""
        reason = cast("dict[str, Any]", message).get("reason")
        if reason is None or self.response_started:
            await super().send(message)
            return
        transport = self.transport
        status = cast("dict[str, Any]", message)["status"]
        line = b"HTTP/1.1 %d %b\r\n" % (status, reason)
        self.transport = cast(asyncio.Transport, _FirstLine(transport, len(STATUS_LINE[status]), line))
        try:
            await super().send(message)
        finally:
            self.transport = transport

    async def respond(
        self, status: int, reason: bytes, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> None:
        """Send a whole response in one write: half the system calls of a head and a body.

        Args:
            status: the HTTP status.
            reason: its phrase; empty for the standard one.
            headers: valid field lines, with Content-Length where there is to be one.
            body: all of it; not sent when the request was a HEAD.
        """
        if self.flow.write_paused:
            await self.flow.drain()
        if self.disconnected:
            return
        parts = [b"HTTP/1.1 %d %b\r\n" % (status, reason) if reason else STATUS_LINE[status]]
        for name, value in self.default_headers:
            parts += (name, b": ", value, b"\r\n")
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        if body and self.scope["method"] != "HEAD":
            parts.append(body)
        self.transport.write(b"".join(parts))
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def upgrade(
        self,
        accept: bytes,
        headers: list[tuple[bytes, bytes]],
        *,
        masked: bool = True,
        answers_close: bool = True,
    ) -> WebSocket | None:
        """Answer 101 and make the connection a WebSocket; None when the client has gone.

        Args:
            accept: `websocket.accept_key` of the request.
            headers: valid field lines, e.g. Sec-WebSocket-Protocol.
            masked: refuse frames that are not masked.
            answers_close: answer a Close frame at once.
        """
        protocol = self.transport.get_protocol()
        if self.disconnected or self.transport.is_closing() or not isinstance(protocol, Protocol):
            return None
        parts = [b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"]
        parts += (b"sec-websocket-accept: ", accept, b"\r\n")
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"\r\n")
        self.transport.write(b"".join(parts))
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        received, connections = protocol.hand_over()
        socket = WebSocket(self.transport, received, connections, masked=masked, answers_close=answers_close)
        self.transport.set_protocol(socket)
        socket.resume_reading()
        return socket

    def abort(self) -> None:
        """End the connection so that the client notices that the response is incomplete."""
        self.disconnected = True
        self.transport.abort()


class _FirstLine:
    """A transport for the one write of a response's head, whose status line it replaces."""

    def __init__(self, transport: asyncio.Transport, length: int, line: bytes) -> None:
        self._transport, self._length, self._line = transport, length, line

    def write(self, data: bytes) -> None:
        self._transport.write(self._line + data[self._length :])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 connection with our kind of cycle, and with upgrades."""

    early: bytearray | None = None
    """What came behind a request to upgrade, which has not been answered yet."""

    def data_received(self, data: bytes) -> None:
        """Parse what comes, up to a request to upgrade."""
        if self.early is not None:
            self.early += data
            if len(self.early) > EARLY:
                self.transport.pause_reading()
            return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        except httptools.HttpParserUpgrade as upgrade:
            self.early = bytearray(data[upgrade.args[0] :])

    def on_headers_complete(self) -> None:
        """Begin a request; one that asks for an upgrade is the last that is read as HTTP."""
        super().on_headers_complete()
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False

    def hand_over(self) -> tuple[bytes, set[Any]]:
        """Leave the connection to another protocol: what came early, and the server's connections."""
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        return bytes(self.early or b""), self.connections

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        # uvicorn names its cycle class in the middle of a long method; ours adds methods only, so the
        # object made there can become one.
        cycle.__class__ = Cycle
        cast("dict[str, Any]", cycle.scope)["svc.cycle"] = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        """Mark the request in flight as abandoned and tell whoever works on it."""
        super().connection_lost(exc)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete and isinstance(cycle, Cycle):
            listener = cycle.on_disconnect
            if listener is not None:
                listener()


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: the process decides when to stop, by `stop()`."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals alone."""
        yield

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._listening = asyncio.Event()
        self._tls: list[socket.socket] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; whoever waits to listen elsewhere too goes on then."""
        await super().startup(sockets)
        self._listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, for every socket; whoever has just connected gets to say what for."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(JUST_CONNECTED)
        await super().shutdown([*(sockets or ()), *self._tls])

    async def listen_tls(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        """Serve the same application on another listening socket, over TLS, as long as `serve` runs."""
        await self._listening.wait()
        server = await asyncio.get_running_loop().create_server(
            lambda: Protocol(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            ),
            sock=sock,
            ssl=context,
            backlog=BACKLOG,
        )
        self._tls.append(sock)
        self.servers.append(server)

    def stop(self) -> None:
        """Stop accepting; `serve` returns when what is in flight has been answered, or after `GRACE`."""
        self.should_exit = True


def make_server(app: Any) -> Server:
    """A server of an ASGI application, for `await server.serve(sockets=[…])`."""
    return Server(
        uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
            backlog=BACKLOG,
        )
    )
