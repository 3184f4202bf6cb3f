"""CompressionStream and DecompressionStream (https://compression.spec.whatwg.org/), over Python's zlib.

JavaScript opens a stream, writes to it piece by piece, and after each answer whose value is true asks for
``more``: so the answer to a few bytes that expand to gigabytes is never in memory as a whole.
"""

from __future__ import annotations

import itertools
import threading
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from engine.bindings.binding import BindingError

_WINDOW = {"gzip": 31, "deflate": 15, "deflate-raw": -15}
_PIECE = 64 << 10
_NAMES = {"gzip": "gzip", "deflate": "zlib (deflate)", "deflate-raw": "raw deflate"}


class _Compressor:
    """Compressed output stays near the size of its input, so it needs no ``more``."""

    def __init__(self, form: str) -> None:
        self._zlib = zlib.compressobj(wbits=_WINDOW[form])

    def write(self, data: bytes) -> tuple[bool, bytes]:
        return False, self._zlib.compress(data)

    def more(self) -> tuple[bool, bytes]:
        return False, b""

    def finish(self) -> tuple[bool, bytes]:
        return False, self._zlib.flush()


class _Decompressor:
    def __init__(self, form: str) -> None:
        self._form = form
        self._zlib = zlib.decompressobj(wbits=_WINDOW[form])

    def write(self, data: bytes) -> tuple[bool, bytes]:
        if self._zlib.eof and data:
            raise BindingError("Trailing bytes after end of compressed data.", "TypeError")
        return self._step(data)

    def more(self) -> tuple[bool, bytes]:
        return self._step(self._zlib.unconsumed_tail)

    def finish(self) -> tuple[bool, bytes]:
        if not self._zlib.eof:
            raise BindingError(
                f"Called close() on a decompression stream with incomplete {self._name} data.", "TypeError"
            )
        return False, b""

    @property
    def _name(self) -> str:
        return _NAMES[self._form]

    def _step(self, data: bytes) -> tuple[bool, bytes]:
        try:
            output = self._zlib.decompress(data, _PIECE)
        except zlib.error:
            raise BindingError(
                f"Decompression failed: the data is not valid {self._name}.", "TypeError"
            ) from None
        if self._zlib.unused_data:
            raise BindingError("Trailing bytes after end of compressed data.", "TypeError")
        # Output that just fills the piece may have more behind it even when all input was taken.
        return len(output) == _PIECE and not self._zlib.eof, output


# An isolate that ends leaves its open streams behind: the oldest go when there are this many (40 KB each).
_MOST = 2048
_streams: dict[int, _Compressor | _Decompressor] = {}
_ids = itertools.count(1)
_lock = threading.Lock()  # each isolate calls from a thread of its own


def _open(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``["compress" | "decompress", format]`` → an id."""
    stream = _Compressor(args[1]) if args[0] == "compress" else _Decompressor(args[1])
    with _lock:
        number = next(_ids)
        _streams[number] = stream
        if len(_streams) > _MOST:
            del _streams[next(iter(_streams))]
    return number, None


def _find(number: int) -> _Compressor | _Decompressor:
    stream = _streams.get(number)
    if stream is None:
        raise BindingError("The stream has ended.", "TypeError")
    return stream


def _write(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[id]`` and input → whether to ask for more, and output."""
    return _find(args[0]).write(data)


def _more(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[id]`` → whether to ask again, and output."""
    return _find(args[0]).more()


def _finish(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[id]``: the input has ended."""
    try:
        return _find(args[0]).finish()
    finally:
        _streams.pop(args[0], None)


def _drop(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[id]``: nobody has the stream any more."""
    _streams.pop(args[0], None)
    return None, None


SYNC: Mapping[str, Callable[[list[Any], bytes], tuple[Any, bytes | None]]] = {
    "open": _open,
    "write": _write,
    "more": _more,
    "finish": _finish,
    "drop": _drop,
}
