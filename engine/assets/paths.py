"""From a URL's path to a file: `html_handling` and `not_found_handling`.

Source: developers.cloudflare.com/workers/static-assets/routing. Every HTML file has one canonical path, which
the mode gives; its other spellings redirect there, where that leads to this very file.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal, get_args

HtmlHandling = Literal["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"]
NotFoundHandling = Literal["none", "404-page", "single-page-application"]
HTML_HANDLING: Final[tuple[str, ...]] = get_args(HtmlHandling)
NOT_FOUND_HANDLING: Final[tuple[str, ...]] = get_args(NotFoundHandling)

_INDEX: Final = "/index.html"


@dataclass(frozen=True, slots=True)
class Found:
    """What answers a path: a file with a status, or a redirect to another path."""

    file: str | None = None
    redirect: str | None = None
    status: int = 200


def resolve(path: str, files: Collection[str], html: HtmlHandling) -> Found | None:
    """What answers a decoded path; None when no file does.

    Args:
        path: begins with a slash.
        files: the paths of all files.
        html: the mode.
    """
    if html == "none":
        return Found(path) if path in files else None
    if path in files and not path.endswith(".html"):
        return Found(path)
    candidates = [each for each in _candidates(path) if each in files]
    for each in candidates:
        if canonical(each, html) == path:
            return Found(each)
    for each in candidates:
        target = canonical(each, html)
        if _served(target, files, html) == each:
            return Found(redirect=target)
    return Found(path) if path in files else None


def not_found(path: str, files: Collection[str], handling: NotFoundHandling) -> Found | None:
    """What answers a path that no file has: the application's page, or the nearest 404 page."""
    if handling == "single-page-application":
        return Found(_INDEX) if _INDEX in files else None
    if handling == "404-page":
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            if f"{folder}/404.html" in files:
                return Found(f"{folder}/404.html", status=404)
    return None


def canonical(file: str, html: HtmlHandling) -> str:
    """The path that an HTML file is served at."""
    if file == _INDEX:
        return "/"
    base = file.removesuffix(_INDEX) if file.endswith(_INDEX) else file.removesuffix(".html")
    if html == "drop-trailing-slash":
        return base
    if html == "force-trailing-slash":
        return base + "/"
    return base + "/" if file.endswith(_INDEX) else base


def _candidates(path: str) -> list[str]:
    """The HTML files that a path may mean, the likeliest first."""
    if path.endswith(_INDEX):
        base = path.removesuffix(_INDEX)
        return [path, f"{base}.html"] if base else [path]
    if path.endswith("/index"):
        base = path.removesuffix("/index")
        return [f"{path}.html", f"{base}.html"] if base else [f"{path}.html"]
    if path.endswith(".html"):
        return [path, f"{path.removesuffix('.html')}{_INDEX}"]
    if path.endswith("/"):
        base = path.removesuffix("/")
        return [f"{base}{_INDEX}", f"{base}.html"] if base else [_INDEX]
    return [f"{path}.html", f"{path}{_INDEX}"]


def _served(path: str, files: Collection[str], html: HtmlHandling) -> str | None:
    """The file that a canonical path is answered with."""
    if path in files and not path.endswith(".html"):
        return path
    return next((each for each in _candidates(path) if each in files and canonical(each, html) == path), None)
