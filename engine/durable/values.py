"""Stored values (js/src/durable/values.js) read and written without an isolate: for looking, and for JSON.

The form is that of js/src/rpc/encode.js: `u32 size of the JSON | JSON | bytes of buffers`.
"""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime
from typing import Any

#: Bytes of a buffer that are written out.
_BYTES_SHOWN = 256
_INDENT = "  "


def encode(value: Any) -> bytes:
    """A JSON value as it is stored."""
    text = json.dumps(_node(value), ensure_ascii=False, separators=(",", ":")).encode()
    return struct.pack("<I", len(text)) + text


def plain(data: bytes) -> Any:
    """A stored value as JSON has it; what has no form there is the text that `literal` gives."""
    text, is_json = literal(data)
    return json.loads(text) if is_json else None if text == "undefined" else text


def literal(data: bytes) -> tuple[str, bool]:
    """A stored value as a person reads it.

    Returns:
        The text, as JSON wherever the value has a form in JSON and as JavaScript where not; and whether it
        is JSON, so that it can be edited and written back.
    """
    if not data:
        return "undefined", False
    (size,) = struct.unpack_from("<I", data)
    reader = _Reader(data[4 + size :])
    text = reader.text(json.loads(data[4 : 4 + size]), "")
    return text, reader.plain


def _node(value: Any) -> Any:
    if isinstance(value, list):
        return ["a", *(_node(each) for each in value)]
    if isinstance(value, dict):
        return ["o", *(part for key, each in value.items() for part in (key, _node(each)))]
    return value


class _Reader:
    """Writes one value out; `plain` is lost at the first thing that JSON has no form for."""

    def __init__(self, buffers: bytes) -> None:
        self.plain = True
        self._buffers = buffers

    def text(self, node: Any, indent: str) -> str:
        if not isinstance(node, list):
            return json.dumps(node, ensure_ascii=False)
        inner = indent + _INDENT
        match node[0]:
            case "a":
                return _block("[", [self.text(each, inner) for each in node[1:]], "]", indent)
            case "o":
                return _block("{", self._members(node[1:], inner), "}", indent)
        self.plain = False
        match node[0]:
            case "u":
                return "undefined"
            case "n":
                return str(node[1])
            case "i":
                return f"{node[1]}n"
            case "&":
                return f"[seen before: {node[1]}]"
            case "m":
                pairs = [
                    f"{self.text(key, inner)} => {self.text(each, inner)}"
                    for key, each in zip(node[1::2], node[2::2], strict=True)
                ]
                return f"Map({len(pairs)}) " + _block("{", pairs, "}", indent)
            case "t":
                items = [self.text(each, inner) for each in node[1:]]
                return f"Set({len(items)}) " + _block("{", items, "}", indent)
            case "d":
                return _date(node[1])
            case "r":
                return f"/{node[1]}/{node[2]}"
            case "e":
                return f"{node[1]}: {node[2]}"
            case "x":
                return f"{node[2]}: {node[1]}"
            case "b":
                return f"ArrayBuffer({node[2]}) {self._hex(node[1], node[2])}"
            case "v":
                return f"{node[1]}({node[4]}) {self._view(node[2], node[3])}"
            case "f":
                return f"Blob({node[3]}, {node[1] or 'no type'}) {self._hex(node[2], node[3])}"
        return json.dumps(node, ensure_ascii=False)

    def _members(self, parts: list[Any], indent: str) -> list[str]:
        return [
            f"{json.dumps(key, ensure_ascii=False)}: {self.text(each, indent)}"
            for key, each in zip(parts[::2], parts[1::2], strict=True)
        ]

    def _view(self, buffer: Any, offset: int) -> str:
        if isinstance(buffer, list) and buffer[0] == "b":
            return self._hex(buffer[1] + offset, buffer[2] - offset)
        return "[seen before]"

    def _hex(self, at: int, length: int) -> str:
        shown = self._buffers[at : at + min(length, _BYTES_SHOWN)].hex(" ")
        return f"<{shown}{' …' if length > _BYTES_SHOWN else ''}>"


def _block(opener: str, items: list[str], closer: str, indent: str) -> str:
    if not items:
        return opener + closer
    inner = indent + _INDENT
    return f"{opener}\n{inner}" + f",\n{inner}".join(items) + f"\n{indent}{closer}"


def _date(node: Any) -> str:
    if not isinstance(node, int | float):
        return "Date(Invalid Date)"
    try:
        return f"Date({datetime.fromtimestamp(node / 1000, UTC).isoformat(timespec='milliseconds')})"
    except (ValueError, OverflowError, OSError):
        return f"Date({node})"
