"""A WebSocket's server end (RFC 6455) on the transport of an HTTP connection that was upgraded.

Our own because uvicorn's implementations refuse the unmasked frames that wrangler's tail sends, and because
ten thousand idle connections should cost a small object each: there is no task of its own behind a socket.
Extensions are not negotiated.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import Any, Final, cast

#: Bytes of one message (workers/platform/limits: 32 MiB).
MESSAGE_LIMIT: Final = 32 << 20
#: Seconds until the peer must have answered a Close frame.
CLOSE_TIMEOUT: Final = 5.0

_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#: RFC 6455 §7.4: codes that may stand in a Close frame, beside 3000 to 4999.
_CODES: Final = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
ABNORMAL: Final = 1006
NO_STATUS: Final = 1005

OnMessage = Callable[[bool, bytes], None]
OnClose = Callable[[int, str, bool], None]


@cache
def _masking() -> Callable[[bytes, bytes], bytes]:
    """What takes a mask off; its library is imported with the first frame that has one."""
    try:
        return cast("Callable[[bytes, bytes], bytes]", import_module("websockets.speedups").apply_mask)
    except ImportError:  # built without a C compiler
        return cast("Callable[[bytes, bytes], bytes]", import_module("websockets.utils").apply_mask)


def accept_key(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The `Sec-WebSocket-Accept` that answers an opening handshake, None when it is not a valid one.

    Args:
        headers: the request's, names in lower case.
    """
    found = dict(headers)
    key = found.get(b"sec-websocket-key", b"").strip()
    try:
        valid = len(base64.b64decode(key, validate=True)) == 16
    except ValueError:
        valid = False
    if not valid or found.get(b"sec-websocket-version", b"").strip() != b"13":
        return None
    return base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())


def sendable(code: int) -> bool:
    """Whether a Close frame may carry this code."""
    return code in _CODES or 3000 <= code <= 4999


class _Violation(Exception):
    """The peer broke the protocol; the connection is closed with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class WebSocket(asyncio.Protocol):
    """One connection.

    Set `on_message` (told whether it is binary, and the bytes: of a text they are valid UTF-8) and `on_close`
    (told code, reason and whether the peer said it), then call `start`.

    Args:
        transport: the connection's; the response with status 101 is on its way.
        received: what came behind the request's head.
        connections: the server's set of open connections; this one is in it while it lives.
        masked: whether to refuse frames that are not masked, as RFC 6455 §5.1 demands.
        answers_close: whether a Close frame is answered at once; else it is for `close` to do.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        received: bytes,
        connections: set[Any],
        *,
        masked: bool = True,
        answers_close: bool = True,
    ) -> None:
        self.on_message: OnMessage | None = None
        self.on_close: OnClose | None = None
        self._transport = transport
        self._connections = connections
        self._masked = masked
        self._answers_close = answers_close
        self._buffer = bytearray(received)
        self._parts: list[bytes] = []
        self._kind = 0
        self._size = 0
        self._close_sent = False
        self._close_received = False
        self._over = False
        self._drained: asyncio.Future[None] | None = None
        self._write_paused = False
        self._timer: asyncio.TimerHandle | None = None
        connections.add(self)

    def start(self) -> None:
        """Begin to read."""
        if self._buffer:
            self.data_received(b"")

    # ------------------------------------------------------------------ sending

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._close_sent or self._over

    @property
    def waiting(self) -> int:
        """Bytes not yet taken by the network."""
        return 0 if self._over else self._transport.get_write_buffer_size()

    def send(self, data: bytes, *, binary: bool) -> None:
        """Send a message; nothing once the socket is closed."""
        if not self.closed:
            self._transport.write(_frame(_BINARY if binary else _TEXT, data))

    async def drain(self) -> None:
        """Wait until the peer has taken enough of what was sent."""
        if self._write_paused and not self._over:
            if self._drained is None:
                self._drained = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._drained)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Send a Close frame; the connection ends when the peer has answered it, or after a while.

        Args:
            code: 1005 sends a frame without one.
            reason: at most 123 bytes of UTF-8; more is cut off.
        """
        if self._over:
            return
        if not self._close_sent:
            self._close_sent = True
            self._transport.write(_frame(_CLOSE, _close_payload(code, reason)))
        if self._close_received:
            self._transport.close()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self._transport.abort)

    def abort(self) -> None:
        """End the connection without a handshake."""
        if not self._over:
            self._transport.abort()

    def shutdown(self) -> None:
        """The server stops."""
        self.close(1012, "the engine restarts")

    # ------------------------------------------------------------------ the transport's calls

    def pause_reading(self) -> None:
        """Make the peer wait."""
        if not self._over and self._transport.is_reading():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on reading."""
        if not self._over and not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """The peer takes less than is sent."""
        self._write_paused = True

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._write_paused = False
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the peer."""
        if self._close_received or self._over:
            return
        self._buffer += data
        try:
            self._parse()
        except _Violation as error:
            self._close_received = True  # nothing more of it is read
            self.close(error.code, str(error))
            self._tell_close(error.code, str(error), clean=False)

    def eof_received(self) -> bool:
        """The peer sends nothing more; the connection ends."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._over = True
        self._connections.discard(self)
        self._buffer.clear()
        self._parts.clear()
        if self._timer is not None:
            self._timer.cancel()
        self.resume_writing()
        self._tell_close(ABNORMAL, "", clean=False)
        self.on_message = None

    # ------------------------------------------------------------------ frames

    def _parse(self) -> None:
        buffer = self._buffer
        at, size = 0, len(buffer)
        while size - at >= 2 and not self._close_received:
            first, second = buffer[at], buffer[at + 1]
            length, head = second & 127, 2
            if length == 126:
                head = 4
                if size - at < 4:
                    break
                length = int.from_bytes(buffer[at + 2 : at + 4])
            elif length == 127:
                head = 10
                if size - at < 10:
                    break
                length = int.from_bytes(buffer[at + 2 : at + 10])
            self._check(first, second, length)
            masked = second & 128
            if masked:
                head += 4
            end = at + head + length
            if size < end:
                break
            payload = bytes(buffer[at + head : end])
            if masked:
                payload = _masking()(payload, bytes(buffer[at + head - 4 : at + head]))
            at = end
            self._frame(first & 128, first & 15, payload)
        del buffer[:at]

    def _check(self, first: int, second: int, length: int) -> None:
        """Refuse a frame by its head, before its payload has come."""
        kind = first & 15
        if first & 112:
            raise _Violation(1002, "reserved bits are set, but no extension was agreed on")
        if self._masked and not second & 128:
            raise _Violation(1002, "a client's frames must be masked")
        if kind >= 8:
            if kind > _PONG:
                raise _Violation(1002, f"there is no opcode {kind}")
            if length > 125 or not first & 128:
                raise _Violation(1002, "a control frame is too long, or fragmented")
        elif kind > _BINARY:
            raise _Violation(1002, f"there is no opcode {kind}")
        elif (kind == _CONTINUATION) != (self._kind != 0):
            raise _Violation(1002, "a fragmented message is continued wrongly")
        elif self._size + length > MESSAGE_LIMIT:
            raise _Violation(1009, f"a message is larger than {MESSAGE_LIMIT >> 20} MiB")

    def _frame(self, final: int, kind: int, payload: bytes) -> None:
        if kind == _CLOSE:
            self._on_close_frame(payload)
        elif kind == _PING:
            if not self.closed:
                self._transport.write(_frame(_PONG, payload))
        elif kind == _PONG:
            pass  # nobody here pings; an unsolicited pong is allowed (RFC 6455 §5.5.3)
        elif final and self._kind == 0:
            self._message(kind, payload)
        else:
            self._kind = self._kind or kind
            self._size += len(payload)
            self._parts.append(payload)
            if final:
                whole, kind = b"".join(self._parts), self._kind
                self._parts, self._kind, self._size = [], 0, 0
                self._message(kind, whole)

    def _message(self, kind: int, payload: bytes) -> None:
        if kind == _TEXT and not payload.isascii():
            try:
                payload.decode()
            except UnicodeDecodeError:
                raise _Violation(1007, "a text message is not valid UTF-8") from None
        if self.on_message is not None:
            self.on_message(kind == _BINARY, payload)

    def _on_close_frame(self, payload: bytes) -> None:
        code, reason = NO_STATUS, ""
        if payload:
            code = int.from_bytes(payload[:2])
            if len(payload) == 1 or not sendable(code):
                raise _Violation(1002, "a Close frame has no valid code")
            try:
                reason = payload[2:].decode()
            except UnicodeDecodeError:
                raise _Violation(1007, "a Close frame's reason is not valid UTF-8") from None
        self._close_received = True
        if self._close_sent or self._answers_close:
            self.close(code, reason)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self.close, code)
        self._tell_close(code, reason, clean=True)

    def _tell_close(self, code: int, reason: str, *, clean: bool) -> None:
        listener, self.on_close = self.on_close, None
        if listener is not None:
            listener(code, reason, clean)


def _frame(kind: int, payload: bytes) -> bytes:
    """One unfragmented, unmasked frame."""
    size = len(payload)
    if size < 126:
        return bytes((128 | kind, size)) + payload
    if size < 1 << 16:
        return bytes((128 | kind, 126)) + size.to_bytes(2) + payload
    return bytes((128 | kind, 127)) + size.to_bytes(8) + payload


def _close_payload(code: int, reason: str) -> bytes:
    if not sendable(code):
        return b""
    text = reason.encode("utf-8", "replace")[:123].decode("utf-8", "ignore").encode()
    return code.to_bytes(2) + text
