"""The frames that travel through an isolate's rings. js/src/ring.js has the same numbers.

    u32 size of JSON and raw bytes together | u8 type, u8 flags, u16 0 | u32 id | u32 size of the JSON
    JSON (UTF-8) | raw bytes | padding to a multiple of 4

Events have odd ids, which the host gives; calls even ones, which the isolate gives. A stream has the id of
the event or call it belongs to.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import orjson

from .isolate import IN_SIZE

# Host to isolate.
FRAGMENT, LOAD, EVENT, CHUNK, CREDIT, RESULT, ERROR, TICK, CANCEL, STOP = range(10)
RELEASE = 20
# Isolate to host.
(
    LOADED,
    RESPONSE,
    OUT_CHUNK,
    OUT_CREDIT,
    CALL,
    EXCEPTION,
    TIMER,
    DONE,
    CONSOLE,
    OUT_STOP,
    CALL_CANCEL,
    VALUE,
    REPORT,
    FAULT,
    SOCKET,
) = range(32, 47)

# Flags: the raw bytes are the whole body; a body follows as chunks; the stream's last frame; nothing more of
# this event follows; the JSON is ASCII; the stream ended in an error; of an event: console lines say where
# they were written; the body is the host's own stream whose id the JSON ends with.
WHOLE, STREAM, END, FINISHED, ASCII, BROKEN, PLACES, PASSED = 1, 2, 4, 8, 16, 32, 64, 128

HEADER = 16
WINDOW = 1 << 18
"""Bytes of one stream that may be under way."""
CHUNK_BYTES = 1 << 16

_head = struct.Struct("<IBBHII")
_pack_head = _head.pack
_unpack_head = _head.unpack_from
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")


def pack(kind: int, flags: int, number: int, text: bytes = b"", raw: bytes = b"") -> bytes:
    """One frame.

    Args:
        kind: Its type.
        flags: Its flags; ASCII is added here.
        number: The id.
        text: JSON as UTF-8.
        raw: The bytes beside it.
    """
    size = len(text) + len(raw)
    if text.isascii():
        flags |= ASCII
    return b"".join((_pack_head(size, kind, flags, 0, number, len(text)), text, raw, _PADDING[size & 3]))


def split(frame: bytes) -> list[bytes]:
    """A frame as the frames to send: itself, or fragments when it is larger than the inbound area."""
    if len(frame) <= IN_SIZE:
        return [frame]
    step = IN_SIZE // 2
    starts = range(0, len(frame), step)
    return [
        pack(FRAGMENT, END if start == starts[-1] else 0, 0, b"", frame[start : start + step])
        for start in starts
    ]


def unpack(data: bytes) -> Iterator[tuple[int, int, int, bytes, bytes]]:
    """The frames in a batch: type, flags, id, JSON text, raw bytes. Fragments come as they are."""
    at, end = 0, len(data)
    while at < end:
        size, kind, flags, _, number, text_size = _unpack_head(data, at)
        at += HEADER
        text_end = at + text_size
        yield kind, flags, number, data[at:text_end], data[text_end : at + size]
        at += (size + 3) & ~3


def loads(text: bytes) -> Any:
    """Parse JSON; lone surrogates, which orjson refuses, are kept."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def dumps(value: Any) -> bytes:
    """JSON of a value; what orjson refuses (large integers, surrogates) the standard library writes."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()
