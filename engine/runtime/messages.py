"""WebSocket messages on a body: how a socket crosses between an isolate and its host.

A request that asks for an upgrade has a body of the client's messages, and the response with status 101
one of the worker's. So a socket goes wherever requests and responses go (gateway, service binding, outgoing
fetch) with the backpressure that bodies have. js/src/websocket/messages.js has
the same format:

    u8 kind | u32 size (little-endian) | payload

A text is UTF-8. A close is u16 code and the reason; code 1006 says that the connection was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
HEAD: Final = 5


def pack(kind: int, payload: bytes) -> bytes:
    """One message."""
    return kind.to_bytes(1) + len(payload).to_bytes(4, "little") + payload


def pack_close(code: int, reason: str = "") -> bytes:
    """A close."""
    return pack(CLOSE, code.to_bytes(2, "little") + reason.encode("utf-8", "replace"))


def close_of(payload: bytes) -> tuple[int, str]:
    """Code and reason of a close."""
    return int.from_bytes(payload[:2], "little"), payload[2:].decode("utf-8", "replace")


class Unpacker:
    """Takes a body's chunks apart into messages, which chunks may cut anywhere."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """The messages that are complete with this chunk: kind and payload."""
        rest = self._rest
        rest += chunk
        at, size = 0, len(rest)
        while size - at >= HEAD:
            end = at + HEAD + int.from_bytes(rest[at + 1 : at + HEAD], "little")
            if end > size:
                break
            yield rest[at], bytes(rest[at + HEAD : end])
            at = end
        del rest[:at]


def asks_upgrade(method: str, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a request asks for a WebSocket."""
    return method == "GET" and any(
        name.lower() == "upgrade" and value.strip().lower() == "websocket" for name, value in headers
    )
