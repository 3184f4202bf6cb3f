"""Content codings of responses (RFC 9110 §8.4.1): what a script wrote plain is encoded on its way out.

As in workerd: a response whose Content-Encoding is gzip or br has a plain body in JavaScript, and is encoded
when it leaves, unless it was made with ``encodeBody: "manual"``. Other codings are the script's own business.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .http import Body

CODINGS: Final = ("gzip", "br")
"""Those that a response is encoded with."""
_INLINE: Final = 64 * 1024
_GZIP: Final = 31  # zlib's window bits with gzip's framing
_BROTLI_QUALITY: Final = 5

_Step = Callable[[bytes], bytes]


@cache
def available(coding: str) -> bool:
    """Whether this machine can encode and decode it: br needs the package `brotli`."""
    return coding == "gzip" or (coding == "br" and importlib.util.find_spec("brotli") is not None)


def accepted(headers: Sequence[tuple[str, str]], coding: str) -> bool:
    """Whether a client takes a coding (RFC 9110 §12.5.3); one that names none takes any."""
    fields = [value for name, value in headers if name.lower() == "accept-encoding"]
    if not fields:
        return True
    weights: dict[str, float] = {}
    for item in ",".join(fields).split(","):
        name, _, parameters = item.partition(";")
        weights[name.strip().lower().removeprefix("x-")] = _weight(parameters)
    return weights.get(coding, weights.get("*", 0.0)) > 0


def _weight(parameters: str) -> float:
    key, _, value = parameters.partition("=")
    if key.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


async def encode(body: Body, coding: str) -> Body:
    """A body in a coding; a stream is encoded as it comes, each chunk ready to be read at once."""
    if body is None:
        return None
    step, flush, finish = _encoder(coding)
    if not isinstance(body, bytes):
        return _Coded(body, lambda chunk: step(chunk) + flush(), finish)
    if len(body) <= _INLINE:
        return step(body) + finish()
    return await asyncio.to_thread(lambda: step(body) + finish())


def decode(body: Body, coding: str) -> Body:
    """A body without its coding; a stream that is not in it breaks with ValueError."""
    if body is None:
        return None
    step, finish = _decoder(coding)
    return _Coded(_once(body) if isinstance(body, bytes) else body, step, finish)


def plain(headers: Sequence[tuple[str, str]], body: Body, coding: str | None) -> Body:
    """The body as another script reads it: decoded where its maker had encoded it itself.

    Args:
        headers: the response's.
        body: its body.
        coding: the response's `coding`: what its headers name and its body has not.
    """
    if coding is not None or body is None:
        return body
    named = next((value for name, value in headers if name.lower() == "content-encoding"), None)
    return decode(body, named) if named in CODINGS and available(named) else body


class _Coded(AsyncIterator[bytes]):
    """A stream through a coder; closing it closes what it reads."""

    def __init__(self, body: AsyncIterator[bytes], step: _Step, finish: Callable[[], bytes]) -> None:
        self._body = body
        self._step = step
        self._finish: Callable[[], bytes] | None = finish

    async def __anext__(self) -> bytes:
        while self._finish is not None:
            try:
                chunk = self._step(bytes(await anext(self._body)))
            except StopAsyncIteration:
                chunk, self._finish = self._finish(), None
            if chunk:
                return chunk
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Nobody reads the rest."""
        self._finish = None
        close = getattr(self._body, "aclose", None)
        if close is not None:
            await close()


async def _once(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), _INLINE):
        yield body[at : at + _INLINE]


def _encoder(coding: str) -> tuple[_Step, Callable[[], bytes], Callable[[], bytes]]:
    if coding == "gzip":
        gzip = zlib.compressobj(wbits=_GZIP)
        return gzip.compress, lambda: gzip.flush(zlib.Z_SYNC_FLUSH), gzip.flush
    brotli: Any = importlib.import_module("brotli")
    compressor = brotli.Compressor(quality=_BROTLI_QUALITY)
    return compressor.process, compressor.flush, compressor.finish


def _decoder(coding: str) -> tuple[_Step, Callable[[], bytes]]:
    if coding == "gzip":
        gzip = zlib.decompressobj(wbits=_GZIP)

        def step(chunk: bytes) -> bytes:
            try:
                return gzip.decompress(chunk)
            except zlib.error as error:
                raise ValueError(f"Gzip decompression failed: {error}") from error

        def finish() -> bytes:
            if not gzip.eof:
                raise ValueError("Gzip decompression failed: the data ends early")
            return b""

        return step, finish
    brotli: Any = importlib.import_module("brotli")
    decompressor = brotli.Decompressor()

    def process(chunk: bytes) -> bytes:
        try:
            output: bytes = decompressor.process(chunk)
            return output
        except brotli.error as error:
            raise ValueError(f"Brotli decompression failed: {error}") from error

    return process, lambda: b""
