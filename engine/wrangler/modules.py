"""A script's files without bundling: the main file and what it imports by relative paths, and so on.

Imports are found by pattern, not by parsing: a file too many (named in a comment) does no harm, and what is
missing is reported with file, line and column by the engine, which does parse. Packages are not resolved.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.wrangler.errors import ProjectError

_IMPORT: Final = re.compile(
    r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(?P<quote>["'])(?P<path>\.{1,2}/[^"'\n]+)(?P=quote)"""
)
_IS_MODULE: Final = re.compile(r"""(?:^|[;}\s])(?:export(?:\s*[{*]|\s+\w)|import(?:\s*[{*"']|\s+\w))""")
_SUFFIXES: Final = (".js", ".mjs", ".ts", ".mts", ".tsx", ".jsx", ".cjs", ".json")
_TYPESCRIPT: Final = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",), ".jsx": (".tsx",)}
_TYPES: Final = {
    ".cjs": "commonjs",
    ".cts": "commonjs",
    ".json": "json",
    ".txt": "text",
    ".html": "text",
    ".md": "text",
    ".css": "text",
    ".sql": "text",
    ".wasm": "wasm",
    ".bin": "data",
}
_CODE: Final = frozenset({".js", ".mjs", ".ts", ".mts", ".tsx", ".jsx", ".cjs", ".cts"})
MAX_FILES: Final = 2000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One module: its name (path from the project's root, forward slashes), type, content, and its file."""

    name: str
    type: str
    content: bytes
    file: Path | None = None


def collect(main: Path) -> list[SourceFile]:
    """The modules of a script, the main one first.

    Names are relative to the nearest folder that holds them all.

    Raises:
        ProjectError: a file cannot be read, or there are more than `MAX_FILES`.
    """
    main = Path(os.path.abspath(main))
    contents: dict[Path, bytes] = {}
    pending = [main]
    while pending:
        path = pending.pop()
        if path in contents:
            continue
        if len(contents) == MAX_FILES:
            raise ProjectError(main, f"imports more than {MAX_FILES} files: bundle it first")
        contents[path] = _read(path)
        if path.suffix in _CODE:
            pending.extend(_imported(path, contents[path]))
    root = Path(os.path.commonpath([path.parent for path in contents]))
    ordered = [main, *sorted(contents.keys() - {main})]
    classic = not _IS_MODULE.search(_text(contents[main]))
    return [
        SourceFile(
            path.relative_to(root).as_posix(),
            "script" if path == main and classic else _TYPES.get(path.suffix, "esm"),
            contents[path],
            path,
        )
        for path in ordered
    ]


def _imported(path: Path, content: bytes) -> Iterator[Path]:
    for match in _IMPORT.finditer(_text(content)):
        found = _resolve(Path(os.path.normpath(path.parent / match["path"])))
        if found is not None:
            yield found


def _resolve(path: Path) -> Path | None:
    """The file meant: itself, its TypeScript source, or the name with a suffix; as the engine resolves."""
    stem = str(path)[: -len(path.suffix)] if path.suffix else str(path)
    candidates = [path]
    candidates += [Path(stem + suffix) for suffix in _TYPESCRIPT.get(path.suffix, ())]
    candidates += [Path(str(path) + suffix) for suffix in _SUFFIXES]
    return next((each for each in candidates if each.is_file()), None)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProjectError(path, f"cannot be read: {error.strerror}") from None


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
