"""A compiled script: what an isolate instantiates, and where its columns were in the user's files."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

import orjson

from .source_map import SourceMap, decoded, inline_map

# What encodeURI leaves as it is.
_PLAIN = ";,/?:@&=+$-_.!~*'()#"

Format = Literal["modules", "service-worker"]


@dataclass(frozen=True, slots=True)
class Program:
    """The modules of a script, compiled.

    Attributes:
        hash: SHA-256 (hex) of the modules, the main module's name and the compiler.
        main: The main module's name.
        format: "modules", or "service-worker" for scripts that use ``addEventListener``.
        modules: Objects with ``name``, ``type``, ``code`` or ``data`` (base64), ``deps`` (names), ``stars``,
            ``exports``, ``tla``, ``dynamic``, ``headLen`` and ``shifts``; js/tools/program.js makes them.
    """

    hash: str
    main: str
    format: Format
    modules: tuple[Mapping[str, Any], ...] = field(repr=False)
    _json: bytes = field(repr=False, compare=False)
    _maps: dict[str, bytes | None] = field(repr=False, compare=False, default_factory=dict)
    _split: list[tuple[Mapping[str, bytes], bytes]] = field(repr=False, compare=False, default_factory=list)

    @classmethod
    def from_json(cls, digest: str, content: bytes) -> Program:
        """The program that `to_json` gave."""
        value = orjson.loads(content)
        maps = value.pop("maps", None)
        if maps is not None:
            content = orjson.dumps(value)  # an isolate has no use for them
        texts: dict[str, bytes | None] = {name: text.encode() for name, text in (maps or {}).items()}
        return cls(digest, value["main"], value["format"], tuple(value["modules"]), content, texts)

    def to_json(self) -> bytes:
        """The program for js/src/linker.js."""
        return self._json

    def split(self) -> tuple[Mapping[str, bytes], bytes]:
        """The scripts of its modules by name, and `to_json` without them, for an isolate that asks."""
        if not self._split:
            self._split.append(self._without_scripts())
        return self._split[0]

    def _without_scripts(self) -> tuple[Mapping[str, bytes], bytes]:
        if self.format == "service-worker":  # its declarations are the global scope's: `eval` makes them so
            return {}, self._json
        scripts: dict[str, bytes] = {}
        value = orjson.loads(self._json)
        for module in value["modules"]:
            if module["type"] in ("esm", "commonjs"):
                name = quote(module["name"], safe=_PLAIN)
                scripts[module["name"]] = f"{module.pop('code')}\n//# sourceURL={name}".encode()
        return scripts, orjson.dumps(value)

    def original(self, file: str, line: int, column: int) -> tuple[str, int, int]:
        """The file, line and column a person wrote: through the module's source map where it has one.

        Args:
            file: A module's name.
            line: From 1, as V8 gives it.
            column: From 1, as V8 gives it.
        """
        column = self.original_column(file, line, column)
        try:
            found = self._map(file)
            place = None if found is None else found.original(line, column)
        except ValueError:  # its mappings are no base64 VLQ: the bundle's own place is better than none
            place = None
        return (file, line, column) if place is None else (place.file, place.line, place.column)

    def _map(self, file: str) -> SourceMap | None:
        if file not in self._maps:
            code = next((each.get("code") for each in self.modules if each["name"] == file), None)
            self._maps[file] = None if code is None else inline_map(code)
        text = self._maps[file]
        return None if text is None else decoded(text)

    def original_column(self, file: str, line: int, column: int) -> int:
        """Where a column of the evaluated code was in the user's file.

        Args:
            file: A module's name.
            line: From 1; the transform never moves a line.
            column: From 1, as V8 gives it.
        """
        module = next((each for each in self.modules if each["name"] == file), None)
        if module is None:
            return column
        if line == 1:
            column -= module["headLen"]
        shifts = module["shifts"]
        index = bisect_right(shifts, [line, column], key=lambda shift: [shift[0], shift[1]]) - 1
        if index >= 0 and shifts[index][0] == line:
            column -= shifts[index][2]
        return max(1, column)
