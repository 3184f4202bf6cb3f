"""The folder of static files that a configuration names: `[assets]`.

Source: developers.cloudflare.com/workers/static-assets. `_headers` and `_redirects` are rules and no files;
`.assetsignore` names, as a .gitignore does, what is not to be uploaded.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.wrangler.errors import ProjectError
from engine.wrangler.section import Section

IGNORE: Final = ".assetsignore"
RULES: Final = ("_headers", "_redirects")
MAX_FILES: Final = 100_000
MAX_BYTES: Final = 25 * 1024 * 1024
_HANDLING: Final = ("html_handling", "not_found_handling", "run_worker_first")
_TYPES: Final = mimetypes.MimeTypes()  # the same everywhere, whatever this machine's own lists say
for _suffix, _kind in {
    ".avif": "image/avif",
    ".gz": "application/gzip",
    ".ico": "image/x-icon",
    ".map": "application/json",
    ".md": "text/markdown",
    ".otf": "font/otf",
    ".ttf": "font/ttf",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".yaml": "text/yaml",
}.items():
    _TYPES.add_type(_kind, _suffix)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: `hash` is of its content and its suffix, which its type comes from; `size` is bytes."""

    hash: str
    size: int
    file: Path
    content_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """The files of a project by path (`/index.html`), and how they are served."""

    folder: Path
    files: Mapping[str, Asset] = field(repr=False)
    config: Mapping[str, Any] = field(default_factory=dict)


def read(section: Section) -> Assets | None:
    """The files that the section names; None without `[assets]`.

    Raises:
        ProjectError: the folder or a file of it cannot be used.
    """
    table = section.inherited("assets", dict)
    if not table:
        return None
    place = (section.prefix if "assets" in section.values else "") + "assets"
    folder = section.file.parent / section.text(place, table, "directory")
    if not folder.is_dir():
        raise section.error(f"{place}.directory", f"there is no folder {folder}")
    config = {key: table[key] for key in _HANDLING if table.get(key) is not None}
    for name in RULES:
        if (folder / name).is_file():
            config[name] = _text(folder / name)
    return Assets(folder, dict(_files(folder)), config)


def _files(folder: Path) -> list[tuple[str, Asset]]:
    ignored = _ignored(folder)
    found: list[tuple[str, Asset]] = []
    for parent, folders, names in os.walk(folder):
        here = Path(parent).relative_to(folder)
        folders[:] = sorted(each for each in folders if not ignored(f"{(here / each).as_posix()}/"))
        for name in sorted(names):
            path = (here / name).as_posix()
            if path in (IGNORE, *RULES) or ignored(path):
                continue
            if name == "_worker.js":
                raise ProjectError(
                    folder / path, f"is code and would be public: move it, or name it in {IGNORE}"
                )
            if len(found) == MAX_FILES:
                raise ProjectError(folder, f"has more than {MAX_FILES} files")
            found.append((f"/{path}", look(folder / path)))
    return found


def look(file: Path) -> Asset:
    """One file as it is now; raises ProjectError."""
    digest = hashlib.sha256(file.suffix.encode())
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise ProjectError(file, f"has {size} bytes: an asset has at most {MAX_BYTES >> 20} MiB")
        digest.update(file.read_bytes())
    except OSError as error:
        raise ProjectError(file, f"cannot be read: {error.strerror}") from None
    kind = _TYPES.types_map[True].get(file.suffix.lower(), "application/null")
    return Asset(digest.hexdigest()[:32], size, file, kind)


def _ignored(folder: Path) -> Callable[[str], bool]:
    """Whether a path of the folder is not to be uploaded."""
    file = folder / IGNORE
    if not file.is_file():
        return lambda path: False
    from pathspec import GitIgnoreSpec  # only for who has such a file

    return GitIgnoreSpec.from_lines(_text(file).splitlines()).match_file


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise ProjectError(file, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ProjectError(file, "is not UTF-8 text") from None
