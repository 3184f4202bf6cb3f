"""Conditions of get and put (developers.cloudflare.com/r2/api/workers/workers-api-reference).

They are RFC 9110's, with etags compared as Miniflare does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.r2.metadata import from_http_date
from engine.store.r2 import Object

_ETAG: Final = re.compile(r'\s*(\*|(?:W/)?"[^"]*"|[^\s,]+)\s*(?:,|\Z)')


@dataclass(frozen=True, slots=True)
class Etag:
    """One etag of a condition; `value` None is the wildcard."""

    value: str | None
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold; times are unix milliseconds.

    Attributes:
        whole_seconds: compare times without their milliseconds, which HTTP's dates have none of.
    """

    matches: tuple[Etag, ...] | None = None
    does_not_match: tuple[Etag, ...] | None = None
    before: int | None = None
    after: int | None = None
    whole_seconds: bool = False

    def hold(self, found: Object | None) -> bool:
        """Whether they hold for an object, or for none."""
        if found is None:
            return self.matches is None and self.after is None
        match = self.matches is None or _includes(self.matches, found.etag, weak=False)
        none_match = self.does_not_match is None or not _includes(self.does_not_match, found.etag, weak=True)
        uploaded = self._time(found.uploaded)
        since = (
            self.after is None
            or self._time(self.after) < uploaded
            or (self.does_not_match is not None and none_match)
        )
        until = (
            self.before is None or uploaded < self._time(self.before) or (self.matches is not None and match)
        )
        return match and none_match and since and until

    def _time(self, milliseconds: int) -> int:
        return milliseconds // 1000 * 1000 if self.whole_seconds else milliseconds


def from_binding(given: Mapping[str, Any] | None) -> Conditions | None:
    """Conditions as r2.js sends them: ``{etagMatches, …}`` or ``{headers: [[name, value]]}``."""
    if given is None:
        return None
    if "headers" in given:
        return from_headers({name.lower(): value for name, value in given["headers"]})
    one, other = given.get("etagMatches"), given.get("etagDoesNotMatch")
    return Conditions(
        None if one is None else (Etag(None if one == "*" else one),),
        None if other is None else (Etag(None if other == "*" else other),),
        given.get("uploadedBefore"),
        given.get("uploadedAfter"),
        bool(given.get("secondsGranularity")),
    )


def from_headers(headers: Mapping[str, str]) -> Conditions | None:
    """Conditions of HTTP's fields (`If-Match` …), or None without any; names are in lower case."""
    one, other = headers.get("if-match"), headers.get("if-none-match")
    before = from_http_date(headers.get("if-unmodified-since"))
    after = from_http_date(headers.get("if-modified-since"))
    if not one and not other and before is None and after is None:
        return None
    return Conditions(_parsed(one) if one else None, _parsed(other) if other else None, before, after, True)


def _parsed(text: str) -> tuple[Etag, ...]:
    found = []
    for match in _ETAG.finditer(text):
        word = match[1]
        weak = word.startswith("W/")
        found.append(Etag(None if word == "*" else word.removeprefix("W/").strip('"'), weak))
    return tuple(found)


def _includes(etags: Sequence[Etag], etag: str, *, weak: bool) -> bool:
    return any(each.value is None or (each.value == etag and (weak or not each.weak)) for each in etags)
