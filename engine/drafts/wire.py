"""How the live process talks to the drafts process: a connection a question, on a private unix socket.

The question is one JSON object behind its length; the answer JSON objects, one a line, then the end.
Closing the connection before that cancels what was asked for. No HTTP: nobody else may speak here, and
the way to a run is as short as it can be.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import orjson

#: Bytes of one question or one line of an answer; an upload of 64 MiB is larger in base64.
LIMIT = 192 * 1024 * 1024


def pack(question: dict[str, Any]) -> bytes:
    """A question as it goes over the wire."""
    text = orjson.dumps(question)
    return len(text).to_bytes(4) + text


async def read_question(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The question of a connection.

    Raises:
        ValueError: it is too long or no JSON object.
        asyncio.IncompleteReadError: the connection ended before it was complete.
    """
    length = int.from_bytes(await reader.readexactly(4))
    if length > LIMIT:
        raise ValueError(f"a question of {length} bytes is longer than {LIMIT}")
    question = orjson.loads(await reader.readexactly(length))
    if not isinstance(question, dict):
        raise ValueError("a question must be an object")
    return cast(dict[str, Any], question)


def pack_line(value: Any) -> bytes:
    """One line of an answer."""
    return orjson.dumps(value) + b"\n"
