"""The assets of one version, ready to answer requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from engine.assets import paths, rules
from engine.model import Version
from engine.runtime.http import Request, Response
from engine.store import Store
from engine.store.assets import Asset

#: Name of the module that stands for the code of a Worker that has none.
ASSETS_ONLY: Final = "assets-only.js"
#: From here on a navigation prefers the not-found page to the Worker (compatibility-flags).
_NAVIGATION_DATE: Final = "2025-04-01"
_PREFERS, _PREFERS_NOT = "assets_navigation_prefers_asset_serving", "assets_navigation_has_no_effect"
_CACHE_CONTROL: Final = "public, max-age=0, must-revalidate"
#: A file up to this size is sent whole, not as a stream.
_WHOLE: Final = 1 << 18
_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE)


class Site:
    """Answers requests with files.

    Args:
        store: has the bytes.
        version: whose assets they are.
        files: path → file.
    """

    def __init__(self, store: Store, version: Version, files: Mapping[str, Asset]) -> None:
        config: Mapping[str, Any] = version.settings.assets.get("config") or {}
        self._blobs = store.assets
        self._files = files
        self._html: paths.HtmlHandling = config.get("html_handling", "auto-trailing-slash")
        self._not_found: paths.NotFoundHandling = config.get("not_found_handling", "none")
        self._headers = rules.parse_headers(config.get("_headers", ""))
        self._redirects = rules.parse_redirects(config.get("_redirects", ""))
        self._only = version.main_module == ASSETS_ONLY
        first = config.get("run_worker_first", False)
        self._worker_first = first is True
        patterns = first if isinstance(first, list) else []
        self._first = [rules.glob(each) for each in patterns if not each.startswith("!")]
        self._not_first = [rules.glob(each[1:]) for each in patterns if each.startswith("!")]
        flags, date = version.settings.compatibility_flags, version.settings.compatibility_date or ""
        self._navigates = _PREFERS in flags or (_PREFERS_NOT not in flags and date >= _NAVIGATION_DATE)

    async def before_worker(self, request: Request) -> Response | None:
        """The answer to a request that the worker need not see; None when it is the worker's."""
        if self._only:
            return await self.fetch(request)
        path = _decoded(urlsplit(request.url).path)
        if self._worker_first or (_matches(self._first, path) and not _matches(self._not_first, path)):
            return None
        found = await self._answer(request)
        if found is not None or not self._navigates or request.method not in ("GET", "HEAD"):
            return found
        navigates = any(
            name.lower() == "sec-fetch-mode" and value == "navigate" for name, value in request.headers
        )
        return await self._missing(request, path) if navigates else None

    async def fetch(self, request: Request) -> Response:
        """The answer to any request, as `env.ASSETS.fetch` gives it."""
        found = await self._answer(request)
        if found is None and request.method in ("GET", "HEAD"):
            found = await self._missing(request, _decoded(urlsplit(request.url).path))
        return found or self._finish(request, Response(404, "", []))

    async def _answer(self, request: Request) -> Response | None:
        """A redirect or a file; None when there is none at this path."""
        parts = urlsplit(request.url)
        path = _decoded(parts.path)
        rule = rules.redirected(self._redirects, parts.hostname or "", path)
        if rule is not None:
            target, status = rule
            if status != 200:
                query = f"?{parts.query}" if parts.query and "?" not in target else ""
                return Response(status, "", [("location", target + query)])
            path = _decoded(urlsplit(target).path)
        found = paths.resolve(path, self._files.keys(), self._html)
        if found is None:
            return None
        if request.method not in ("GET", "HEAD"):
            return self._finish(request, Response(405, "", [("allow", "GET, HEAD")]))
        if found.redirect is not None:
            query = f"?{parts.query}" if parts.query else ""
            # Two slashes at the start would name a host.
            location = quote(re.sub(r"^/+", "/", found.redirect), safe="/:@!$&'()*+,;=~") + query
            return Response(307, "", [("location", location)])
        return await self._send(request, found)

    async def _missing(self, request: Request, path: str) -> Response | None:
        found = paths.not_found(path, self._files.keys(), self._not_found)
        return None if found is None else await self._send(request, found)

    async def _send(self, request: Request, found: paths.Found) -> Response:
        """A file, or that it has not changed, or the part of it that was asked for."""
        asset = self._files[found.file or ""]
        tag = f'"{asset.key}"'
        sent = {name.lower(): value for name, value in request.headers}
        headers = [("etag", tag), ("cache-control", _CACHE_CONTROL)]
        if asset.content_type:
            headers.insert(0, ("content-type", asset.content_type))
        if found.status == 200 and _has_tag(sent.get("if-none-match", ""), tag):
            return self._finish(request, Response(304, "", headers))
        offset, size, status = 0, asset.size, found.status
        if status == 200:
            headers.append(("accept-ranges", "bytes"))
            wanted = sent.get("range")
            if wanted is not None and sent.get("if-range", tag) == tag:
                part = _part(wanted, asset.size)
                if part == (0, 0):
                    headers = [("content-range", f"bytes */{asset.size}")]
                    return self._finish(request, Response(416, "", headers))
                if part is not None:
                    offset, size = part
                    status = 206
                    headers.append(("content-range", f"bytes {offset}-{offset + size - 1}/{asset.size}"))
        headers.append(("content-length", str(size)))
        response = Response(status, "", headers)
        if request.method != "HEAD" and size <= _WHOLE:
            response.body = await self._blobs.read(asset.hash, offset, size)
        elif request.method != "HEAD":
            response.body = self._blobs.stream(asset.hash, offset, size)
        return self._finish(request, response)

    def _finish(self, request: Request, response: Response) -> Response:
        if self._headers:
            parts = urlsplit(request.url)
            path = _decoded(parts.path)
            response.headers = rules.applied(self._headers, parts.hostname or "", path, response.headers)
        return response


def _matches(patterns: list[re.Pattern[str]], path: str) -> bool:
    return any(pattern.fullmatch(path) for pattern in patterns)


def _decoded(path: str) -> str:
    return unquote(path, errors="replace") or "/"


def _has_tag(field: str, tag: str) -> bool:
    """Whether an If-None-Match names the tag, by weak comparison (RFC 9110 §13.1.2)."""
    return any(each.strip().removeprefix("W/") in (tag, "*") for each in field.split(",")) if field else False


def _part(field: str, size: int) -> tuple[int, int] | None:
    """Offset and length of a Range; None ignores it (several ranges, another unit), (0, 0) refuses it."""
    match = _RANGE.fullmatch(field)
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        suffix = min(int(match[2]), size)
        return (size - suffix, suffix)
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    return (first, last - first + 1) if first < size else (0, 0)
