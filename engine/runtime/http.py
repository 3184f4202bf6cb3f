"""The request and response that travel between the gateway, a worker and its bindings.

Headers stay what they were on the wire: an ordered list of (name, value) pairs, one pair a field line,
so that several ``Set-Cookie`` lines survive. Text is Latin-1 as HTTP/1.1 (RFC 9110 §5.5) has it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

Headers = list[tuple[str, str]]
Body = bytes | AsyncIterator[bytes] | None


@dataclass(slots=True)
class Request:
    """One HTTP request.

    Attributes:
        method: The method as it stands on the request line, e.g. ``GET``.
        url: The absolute URL, serialized as the URL standard does (``http://host/path?query``).
        headers: The field lines in order.
        body: All of it as bytes, a stream of chunks, or None when the request has no body.
        cf: What the script sees as ``request.cf``; None leaves it undefined.
    """

    method: str
    url: str
    headers: Headers
    body: Body = None
    cf: dict[str, Any] | None = None


@dataclass(slots=True)
class Response:
    """One HTTP response.

    Attributes:
        status: 200..599 (101 for an upgraded connection).
        status_text: The reason phrase, "" when the script gave none.
        headers: The field lines in order.
        body: All of it as bytes, a stream of chunks, or None for a null body. Whoever does not read a
            stream to its end must ``aclose()`` it.
        coding: The content coding that the headers name and the body has not: whoever sends it over a
            network encodes it (`coding.encode`).
        socket: With status 101 and no body, the number of a Durable Object's WebSocket
            (`engine.durable.sockets`) that the client is to be joined to.
    """

    status: int
    status_text: str
    headers: Headers
    body: Body = None
    coding: str | None = None
    socket: int | None = None


async def read(body: Body, limit: int | None = None) -> bytes:
    """Return the whole of a body.

    Args:
        body: Any body; None reads as empty.
        limit: The most bytes to accept; None is no limit.

    Raises:
        ValueError: The body is longer than ``limit``.
    """
    if body is None:
        return b""
    if isinstance(body, bytes):
        whole = body
    else:
        chunks: list[bytes] = []
        size = 0
        async for chunk in body:
            chunks.append(chunk)
            size += len(chunk)
            if limit is not None and size > limit:
                break
        whole = b"".join(chunks)
    if limit is not None and len(whole) > limit:
        raise ValueError(f"The body is longer than {limit} bytes; send less or stream it.")
    return whole


async def close(body: Any) -> None:
    """Close a body that nobody reads to its end, where it can be closed."""
    closing = getattr(body, "aclose", None)
    if closing is not None:
        await closing()
