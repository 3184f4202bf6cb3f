"""How long the Cache API keeps a response, and what it answers to a request that finds one.

Sources: developers.cloudflare.com/workers/runtime-apis/cache, cache/concepts/cache-control and
cache/how-to/configure-cache-status-code (the lifetimes of responses that name none), RFC 9110 §13 and §14,
RFC 9111.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from engine.runtime.coding import CODINGS
from engine.store.cache import Entry

Headers = Sequence[tuple[str, str]]

_DEFAULTS: Final = {200: 7200, 301: 7200, 302: 1200, 303: 1200, 404: 180, 410: 180}
"""Seconds by status where the response says nothing."""
_CONTROLS: Final = ("cloudflare-cdn-cache-control", "cdn-cache-control", "cache-control")
"""Fields that say how long, the first one present wins."""
_DIRECTIVE: Final = re.compile(r'\s*([^\s=,;]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s,;]*))?\s*(?:[,;]|$)')
_NOT_KEPT: Final = frozenset({"content-length", "transfer-encoding", "connection", "age", "cf-cache-status"})
_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*\Z", re.IGNORECASE)
_LONGEST: Final = 10 * 365 * 86400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a response: its fields, and the seconds it lives."""

    headers: tuple[tuple[str, str], ...]
    lifetime: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What `match` gives: `part` is offset and length of the body, None for a null body."""

    status: int
    status_text: str
    headers: list[tuple[str, str]]
    part: tuple[int, int] | None


def keep(status: int, headers: Headers, now: float) -> Kept | None:
    """What to keep of a response; None when it must not be kept, or would have expired already.

    A response with Set-Cookie is kept only with ``Cache-Control: private=Set-Cookie``, without the cookie.
    """
    fields = [(name.lower(), value) for name, value in headers]
    control = _control(fields)
    private = control.get("private")
    if private is not None and private.lower() == "set-cookie":
        fields = [pair for pair in fields if pair[0] != "set-cookie"]
    elif private is not None or any(name == "set-cookie" for name, _ in fields):
        return None
    if "no-store" in control or "no-cache" in control:
        return None
    lifetime = _lifetime(status, control, fields, now)
    if lifetime <= 0:
        return None
    return Kept(tuple(pair for pair in fields if pair[0] not in _NOT_KEPT), min(lifetime, _LONGEST))


def answer(entry: Entry, asked: Headers, now: float) -> Answer:
    """The response to a request that found an entry; it may be conditional, or ask for a range."""
    request = {name.lower(): value for name, value in asked}
    headers = [*entry.headers, ("age", str(max(0, int(now - entry.stored)))), ("cf-cache-status", "HIT")]
    if _unchanged(entry, request):
        return Answer(304, "", [pair for pair in headers if pair[0] != "content-encoding"], None)
    coded = value_of(entry.headers, "content-encoding") in CODINGS  # a length would be that of the coded form
    whole = Answer(
        entry.status,
        entry.status_text,
        headers if coded else [*headers, ("content-length", str(entry.size))],
        (0, entry.size),
    )
    wanted = request.get("range")
    if wanted is None or entry.status != 200 or coded or not _same(entry, request.get("if-range")):
        return whole
    match = _RANGE.match(wanted)
    if match is None or match[1] == match[2] == "":
        return whole  # several ranges, or none that is understood
    part = _part(match[1], match[2], entry.size)
    if part is None:
        return Answer(416, "", [*headers, ("content-range", f"bytes */{entry.size}")], None)
    offset, length = part
    told = f"bytes {offset}-{offset + length - 1}/{entry.size}"
    return Answer(206, "", [*headers, ("content-length", str(length)), ("content-range", told)], part)


def value_of(headers: Headers, name: str) -> str | None:
    """A field's value; its lines joined, None when there is none."""
    values = [value for each, value in headers if each.lower() == name]
    return ", ".join(values) if values else None


def _control(fields: Headers) -> dict[str, str]:
    for name in _CONTROLS:
        text = value_of(fields, name)
        if text is not None:
            return {
                match[1].lower(): (match[2] or "").strip('"') for match in _DIRECTIVE.finditer(text.strip())
            }
    return {}


def _lifetime(status: int, control: dict[str, str], fields: Headers, now: float) -> float:
    for name in ("s-maxage", "max-age"):
        if name in control:
            text = control[name]
            return float(text) if text.isascii() and text.isdigit() else 0.0
    expires = value_of(fields, "expires")
    if expires is None:
        return _DEFAULTS.get(status, 0)
    until, since = _date(expires), _date(value_of(fields, "date"))
    return 0.0 if until is None else until - (now if since is None else since)


def _unchanged(entry: Entry, request: dict[str, str]) -> bool:
    tags = request.get("if-none-match")
    if tags is not None:
        mine = value_of(entry.headers, "etag")
        if mine is None:
            return False
        asked = [tag.strip() for tag in tags.split(",")]
        return "*" in asked or mine.removeprefix("W/") in [tag.removeprefix("W/") for tag in asked]
    since, changed = _date(request.get("if-modified-since")), _date(value_of(entry.headers, "last-modified"))
    return since is not None and changed is not None and changed <= since


def _same(entry: Entry, condition: str | None) -> bool:
    """If-Range (RFC 9110 §13.1.5): a strong tag, or the very date."""
    if condition is None:
        return True
    return condition in (value_of(entry.headers, "etag"), value_of(entry.headers, "last-modified")) and (
        not condition.startswith("W/")
    )


def _part(first: str, last: str, size: int) -> tuple[int, int] | None:
    """Offset and length; None when no byte is in it."""
    if first == "":
        suffix = min(int(last), size)
        return (size - suffix, suffix) if suffix else None
    start = int(first)
    end = size - 1 if last == "" else min(int(last), size - 1)
    return None if start >= size or end < start else (start, end - start + 1)


def _date(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError):
        return None
