"""Reading uploads: `multipart/form-data` as wrangler (undici) and browsers send it.

Parts stay bytes with their own Content-Type: a module may be WebAssembly, and Starlette's form parser
would decode every part that has no filename as text. Source of the shapes: API.md §3.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import Message
from typing import TYPE_CHECKING

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from engine.errors import ApiError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

#: Bytes of one upload, all parts and their headers: 64 MiB of script (PLATFORM.md §5) and its frame.
UPLOAD_LIMIT = 68 * 1024 * 1024
#: Parts of one upload.
PARTS_LIMIT = 10_000


@dataclass(slots=True)
class Part:
    """One part of a form.

    Attributes:
        name: the field's name.
        filename: as given; None for a plain field.
        content_type: its media type without parameters, lower-case; "" when not given.
        content: its bytes.
    """

    name: str
    filename: str | None
    content_type: str
    content: bytes


async def read_form(content_type: str, stream: AsyncIterator[bytes], limit: int = UPLOAD_LIMIT) -> list[Part]:
    """Read a whole form.

    Args:
        content_type: the request's header, with its boundary.
        stream: the request's body.
        limit: the largest body taken, in bytes.

    Returns:
        The parts in the order they came.

    Raises:
        ApiError: 10004 for a missing boundary or a broken body, 10027 when it is too large.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise ApiError(10004, "The body must be multipart/form-data with a boundary.", 400)
    form = _Form()
    parser = MultipartParser(boundary, form.callbacks())
    size = 0
    try:
        async for chunk in stream:
            size += len(chunk)
            if size > limit:
                raise too_large(limit)
            parser.write(chunk)
        parser.finalize()
    except MultipartParseError as error:
        raise ApiError(10004, f"The multipart body is broken: {error}.", 400) from None
    if not form.ended:
        raise ApiError(10004, "The multipart body ends in the middle of a part.", 400)
    return form.parts


def too_large(limit: int) -> ApiError:
    """The error for an upload above `limit` bytes."""
    return ApiError(10027, f"Script too large: the upload is more than {limit // 1024 // 1024} MiB.", 413)


def write_form(parts: list[Part], boundary: str) -> bytes:
    """A form's body, as `content/v2` answers it: each part with its filename and Content-Type."""
    out = []
    for part in parts:
        disposition = f'form-data; name="{_quoted(part.name)}"'
        if part.filename is not None:
            disposition += f'; filename="{_quoted(part.filename)}"'
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n"
        if part.content_type:
            head += f"Content-Type: {part.content_type}\r\n"
        out += [head.encode(), b"\r\n", part.content, b"\r\n"]
    out.append(f"--{boundary}--\r\n".encode())
    return b"".join(out)


def _quoted(name: str) -> str:
    """Escaped as HTML's form encoding has it; `_unquoted` is its inverse."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _unquoted(name: str) -> str:
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


@dataclass(slots=True)
class _Form:
    """Collects what the parser finds."""

    parts: list[Part] = field(default_factory=list)
    ended: bool = False
    _field: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _headers: Message = field(default_factory=Message)
    _chunks: list[bytes] = field(default_factory=list)

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_part_data": self._on_data,
            "on_part_end": self._on_part,
            "on_end": self._on_end,
        }

    def _begin(self) -> None:
        if len(self.parts) >= PARTS_LIMIT:
            raise ApiError(10004, f"The upload has more than {PARTS_LIMIT} parts.", 400)
        self._headers, self._chunks = Message(), []

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._field.decode("latin-1")] = self._value.decode("latin-1")
        self._field, self._value = bytearray(), bytearray()

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._chunks.append(data[start:end])

    def _on_part(self) -> None:
        _, options = parse_options_header(str(self._headers.get("content-disposition", "")))
        name = options.get(b"name")
        if name is None:
            raise ApiError(10004, "A part of the upload has no name.", 400)
        filename = options.get(b"filename")
        kind, _ = parse_options_header(str(self._headers.get("content-type", "")))
        self.parts.append(
            Part(
                _unquoted(_text(name)),
                None if filename is None else _unquoted(_text(filename)),
                kind.decode("latin-1").lower(),
                b"".join(self._chunks),
            )
        )

    def _on_end(self) -> None:
        self.ended = True


def _text(raw: bytes) -> str:
    """A name as UTF-8 (what undici sends); the header reader hands bytes one for one as latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
