"""The streams of ``node:zlib`` (js/src/node/internal/zlib.js), over zlib, zstd and, where installed, brotli.

A write takes all its input; its answer is ``[more, rest, error]`` and output: whether to ask for ``more``,
how many bytes of input behind the end were not taken, and what went wrong: ``[message, number, code]``.
"""

from __future__ import annotations

import importlib
import re
import sys
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from engine.bindings.binding import BindingError

from .operation import Kept, Operation

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DEFLATE, INFLATE, GZIP, GUNZIP, DEFLATERAW, INFLATERAW, UNZIP, BROTLI_DECODE, BROTLI_ENCODE = range(1, 10)
_ZSTD_ENCODE, _ZSTD_DECODE = 10, 11
_FINISH = 4
_PIECE = 256 << 10
_CODES = {
    2: "Z_NEED_DICT",
    -1: "Z_ERRNO",
    -2: "Z_STREAM_ERROR",
    -3: "Z_DATA_ERROR",
    -4: "Z_MEM_ERROR",
    -5: "Z_BUF_ERROR",
}
_MESSAGE = re.compile(r"Error (-?\d+) while [^:]*(?:: (.*))?")

Error = tuple[str, int, str]
Answer = tuple[tuple[bool, int, Error | None], bytes | None]


class _Stream(Protocol):
    def write(self, flush: int, data: bytes) -> Answer: ...
    def more(self, flush: int) -> Answer: ...


def _error(problem: zlib.error) -> Answer:
    match = _MESSAGE.match(str(problem))
    number = int(match[1]) if match else -3
    message = (match[2] if match else None) or str(problem)
    if "setting zdict" in str(problem):
        message, number = "Bad dictionary", 2
    elif number == 2:
        message = "Missing dictionary"
    return (False, 0, (message, number, _CODES.get(number, "Z_DATA_ERROR"))), None


class _Compressor:
    """Compressed output stays near the size of its input, so it needs no ``more``."""

    def __init__(self, wbits: int, options: list[int], dictionary: bytes) -> None:
        _, level, memory, strategy = options
        if dictionary:
            self._zlib = zlib.compressobj(level, zlib.DEFLATED, wbits, memory, strategy, dictionary)
        else:
            self._zlib = zlib.compressobj(level, zlib.DEFLATED, wbits, memory, strategy)
        self._finished = False

    def write(self, flush: int, data: bytes) -> Answer:
        if self._finished:
            return (False, len(data), None), None
        output = self._zlib.compress(data)
        if flush:
            output += self._zlib.flush(flush)
        self._finished = flush == _FINISH
        return (False, 0, None), output

    def more(self, flush: int) -> Answer:
        return (False, 0, None), None


class _Decompressor:
    def __init__(self, mode: int, wbits: int, dictionary: bytes) -> None:
        self._members = mode in (GUNZIP, UNZIP)
        self._make: Callable[[], Any] = lambda: (
            zlib.decompressobj(wbits, dictionary) if dictionary else zlib.decompressobj(wbits)
        )
        self._zlib = self._make()
        self._left = b""

    def write(self, flush: int, data: bytes) -> Answer:
        self._left += data
        return self._step(flush)

    def more(self, flush: int) -> Answer:
        return self._step(flush)

    def _step(self, flush: int) -> Answer:
        parts: list[bytes] = []
        size = 0
        try:
            while size < _PIECE:
                if self._zlib.eof:
                    # Zeros behind the end are padding; anything else begins another member.
                    if not (self._members and self._left and self._left[0]):
                        rest = len(self._left)
                        self._left = b""
                        return (False, rest, None), b"".join(parts)
                    self._zlib = self._make()
                part = self._zlib.decompress(self._left, _PIECE - size)
                self._left = self._zlib.unused_data if self._zlib.eof else self._zlib.unconsumed_tail
                parts.append(part)
                size += len(part)
                if not self._zlib.eof and not part:
                    break
        except zlib.error as problem:
            return _error(problem)
        if size >= _PIECE:
            return (True, 0, None), b"".join(parts)
        if flush == _FINISH and not self._zlib.eof:
            return (False, 0, ("unexpected end of file", -5, "Z_BUF_ERROR")), b"".join(parts)
        return (False, 0, None), b"".join(parts)


def _brotli() -> Any:
    try:
        return importlib.import_module("brotli")
    except ModuleNotFoundError:
        raise BindingError("Brotli needs the Python package `brotli` beside the engine.", "Error") from None


class _BrotliCompressor:
    def __init__(self, parameters: list[int | None]) -> None:
        library = _brotli()
        mode, quality, window = (parameters + [None] * 3)[:3]
        self._brotli = library.Compressor(
            mode=mode or 0, quality=11 if quality is None else quality, lgwin=22 if window is None else window
        )
        self._finished = False

    def write(self, flush: int, data: bytes) -> Answer:
        if self._finished:
            return (False, len(data), None), None
        output: bytes = self._brotli.process(data)
        if flush == 1:
            output += self._brotli.flush()
        elif flush == 2:
            self._finished = True
            output += self._brotli.finish()
        return (False, 0, None), output

    def more(self, flush: int) -> Answer:
        return (False, 0, None), None


class _BrotliDecompressor:
    def __init__(self) -> None:
        self._library = _brotli()
        self._brotli = self._library.Decompressor()

    def write(self, flush: int, data: bytes) -> Answer:
        if self._brotli.is_finished():
            return (False, len(data), None), None
        try:
            output: bytes = self._brotli.process(data)
        except self._library.error:
            return (False, 0, ("Decompression failed", -2, "ERR__ERROR_FORMAT_PADDING_1")), None
        if flush == 2 and not self._brotli.is_finished():
            return (False, 0, ("unexpected end of file", -5, "Z_BUF_ERROR")), output
        return (False, 0, None), output

    def more(self, flush: int) -> Answer:
        return (False, 0, None), None


def _parameters(pairs: list[list[int]], check: Callable[[dict[int, int]], Any]) -> Any:
    """What ``check`` makes of the parameters of Zstandard.

    Raises:
        BindingError: One is not known, or out of its bounds.
    """
    try:
        return check({key: value for key, value in pairs})
    except (ValueError, TypeError, OverflowError) as error:
        known = "illegal" in str(error)
        problem = "Parameter is out of bound" if known else "Unsupported parameter"
        raise BindingError(f"Setting parameter failed: {problem}", "Error") from None


class _ZstdCompressor:
    def __init__(self, parameters: list[list[int]]) -> None:
        self._zstd = _parameters(parameters, lambda options: zstd.ZstdCompressor(options=options))
        # By Node's numbers: continue, flush, end.
        self._modes = (self._zstd.CONTINUE, self._zstd.FLUSH_BLOCK, self._zstd.FLUSH_FRAME)
        self._finished = False

    def write(self, flush: int, data: bytes) -> Answer:
        if self._finished:
            return (False, len(data), None), None
        self._finished = flush == 2
        return (False, 0, None), self._zstd.compress(data, self._modes[min(flush, 2)])

    def more(self, flush: int) -> Answer:
        return (False, 0, None), None


class _ZstdDecompressor:
    def __init__(self, parameters: list[list[int]]) -> None:
        self._zstd = _parameters(parameters, lambda options: zstd.ZstdDecompressor(options=options))
        self._any = False

    def write(self, flush: int, data: bytes) -> Answer:
        self._any = self._any or bool(data)
        return self._step(flush, data)

    def more(self, flush: int) -> Answer:
        return self._step(flush, b"")

    def _step(self, flush: int, data: bytes) -> Answer:
        if self._zstd.eof:
            return (False, len(data), None), None
        try:
            output: bytes = self._zstd.decompress(data, _PIECE)
        except zstd.ZstdError as error:
            reason = str(error).partition(": ")[2] or str(error)
            message = f"Zstd decompression failed: {reason}"
            return (False, 0, (message, -1, "ERR_ZSTD_DECOMPRESSION_FAILED")), None
        if self._zstd.eof:
            return (False, len(self._zstd.unused_data), None), output
        if not self._zstd.needs_input:
            return (True, 0, None), output
        if flush == 2 and self._any:
            return (False, 0, ("unexpected end of file", -5, "Z_BUF_ERROR")), output
        return (False, 0, None), output


def _make(mode: int, options: list[Any], dictionary: bytes) -> _Stream:
    if mode == BROTLI_ENCODE:
        return _BrotliCompressor(options[0])
    if mode == BROTLI_DECODE:
        return _BrotliDecompressor()
    if mode == _ZSTD_ENCODE:
        return _ZstdCompressor(options[0])
    if mode == _ZSTD_DECODE:
        return _ZstdDecompressor(options[0])
    window = options[0] or 15
    wbits = {GZIP: window + 16, GUNZIP: 31, UNZIP: 47, DEFLATERAW: -max(window, 9), INFLATERAW: -15}
    if mode in (DEFLATE, GZIP, DEFLATERAW):
        return _Compressor(wbits.get(mode, window), options, dictionary)
    return _Decompressor(mode, wbits.get(mode, window), dictionary)


_streams = Kept(1024)  # 40..300 KB each


def _open(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[mode, window, level, memory, strategy]``, or ``[mode, parameters]``, and a dictionary → an id."""
    return _streams.add(_make(args[0], args[1:], data)), None


def _find(number: int) -> _Stream:
    stream: _Stream | None = _streams.get(number)
    if stream is None:
        raise BindingError("zlib binding closed", "Error")
    return stream


def _write(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[id, flush]`` and input → an answer."""
    return _find(args[0]).write(args[1], data)


def _more(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[id, flush]`` → the next of a long answer."""
    return _find(args[0]).more(args[1])


def _drop(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[id]``: it is not used any more."""
    _streams.take(args[0])
    return None, None


def _crc32(args: list[Any], data: bytes) -> tuple[Any, bytes | None]:
    """``[value]`` and bytes → the checksum."""
    return zlib.crc32(data, int(args[0])), None


SYNC: Mapping[str, Operation] = {
    "open": _open,
    "write": _write,
    "more": _more,
    "drop": _drop,
    "crc32": _crc32,
}
