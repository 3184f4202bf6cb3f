"""Routes: which environment answers a URL of one's own zones, by Cloudflare's matching rules.

The rules (Workers documentation, "Routes: matching behavior" and "known issues"): the only operator is ``*``,
at the start of the host and at the end of the path; the whole URL is matched, its query too; hosts fold case,
paths do not; a pattern without a scheme matches both; the most specific pattern wins; a route without a
target switches Workers off for what it matches.

A lookup tries the host, then its wildcard parents from the longest on, and below each the prefixes of the
path from the longest on: its cost grows with the URL's length, never with the number of routes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, TypeVar

from engine.errors import ApiError

Scheme = Literal["http", "https"]
T = TypeVar("T")

ANY: Final = ""
"""The scheme of a pattern that names none."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed route pattern.

    Attributes:
        scheme: "http", "https" or `ANY`.
        host: lower case, without its wildcard.
        host_wildcard: "" for this host only, "*." for its subhosts, "*" for both.
        path: begins with "/", without its wildcard.
        open_end: whether the path ended in "*".
    """

    scheme: str
    host: str
    host_wildcard: Literal["", "*", "*."]
    path: str
    open_end: bool

    def __str__(self) -> str:
        scheme = f"{self.scheme}://" if self.scheme else ""
        return f"{scheme}{self.host_wildcard}{self.host}{self.path}{'*' if self.open_end else ''}"


def parse(text: str) -> Pattern:
    """Read a pattern such as ``https://*.example.com/images/*``.

    Raises:
        ApiError: 10022, saying what is wrong with it.
    """
    scheme, separator, rest = text.strip().partition("://")
    if not separator:
        scheme, rest = ANY, scheme
    if scheme.lower() not in ("http", "https", ANY):
        raise _invalid(text, f"the scheme {scheme!r} is not http or https")
    host, slash, path = rest.partition("/")
    host = host.lower()
    wildcard: Literal["", "*", "*."] = ""
    if host.startswith("*."):
        wildcard, host = "*.", host[2:]
    elif host.startswith("*"):
        wildcard, host = "*", host[1:]
    if "*" in host:
        raise _invalid(text, "a host may have one * only, at its start")
    if not host or host.startswith(".") or host.endswith(".") or ".." in host or set(host) & set(" @?#:"):
        raise _invalid(text, "it needs a host, such as example.com/*")
    if "?" in path or "#" in path:
        raise _invalid(text, "a pattern cannot have a query string")
    open_end = path.endswith("*")
    path = path.removesuffix("*")
    if "*" in path:
        raise _invalid(text, "a path may have one * only, at its end")
    return Pattern(scheme.lower(), host, wildcard, "/" + path if slash else "/", open_end)


def in_zone(pattern: Pattern, zone: str) -> bool:
    """Whether the pattern's host is the zone or lies in it."""
    return pattern.host == zone or pattern.host.endswith("." + zone)


@dataclass(slots=True)
class _Paths(Generic[T]):
    """The patterns of one host: targets by scheme and path, exact paths apart from open ones."""

    exact: dict[tuple[str, str], T] = field(default_factory=dict)
    open: dict[tuple[str, str], T] = field(default_factory=dict)


class Routes(Generic[T]):
    """Patterns and what they lead to."""

    def __init__(self) -> None:
        self._hosts: dict[str, dict[str, _Paths[T]]] = {"": {}, "*": {}, "*.": {}}

    def add(self, pattern: Pattern, target: T) -> None:
        """Lead a pattern to a target, in place of its former one."""
        paths = self._hosts[pattern.host_wildcard].setdefault(pattern.host, _Paths())
        (paths.open if pattern.open_end else paths.exact)[pattern.scheme, pattern.path] = target

    def remove(self, pattern: Pattern) -> None:
        """Forget a pattern; one that is not there is fine."""
        hosts = self._hosts[pattern.host_wildcard]
        paths = hosts.get(pattern.host)
        if paths is None:
            return
        (paths.open if pattern.open_end else paths.exact).pop((pattern.scheme, pattern.path), None)
        if not paths.exact and not paths.open:
            del hosts[pattern.host]

    def covers(self, host: str) -> bool:
        """Whether any pattern fits this host, with some path."""
        return next(self._candidates(host.lower()), None) is not None

    def match(self, scheme: Scheme, host: str, path_and_query: str) -> T | None:
        """The target of the most specific pattern that matches, or None.

        Args:
            host: without a port.
            path_and_query: as in the request line, for example ``/a?x=1``.
        """
        for paths in self._candidates(host.lower()):
            found = _match_path(paths, scheme, path_and_query)
            if found is not None:
                return found
        return None

    def _candidates(self, host: str) -> Iterator[_Paths[T]]:
        """The entries that fit the host, most specific first."""
        if paths := self._hosts[""].get(host):
            yield paths
        if paths := self._hosts["*"].get(host):
            yield paths
        at = host.find(".")
        while at >= 0:
            parent = host[at + 1 :]
            for wildcard in ("*.", "*"):
                if paths := self._hosts[wildcard].get(parent):
                    yield paths
            at = host.find(".", at + 1)


def _match_path(paths: _Paths[T], scheme: Scheme, path: str) -> T | None:
    for named in (scheme, ANY):
        if (named, path) in paths.exact:
            return paths.exact[named, path]
    if not paths.open:
        return None
    for length in range(len(path), 0, -1):
        prefix = path[:length]
        for named in (scheme, ANY):
            if (named, prefix) in paths.open:
                # Known issue that Workers keeps: /images* beats /images/*, also for /images/hello.
                shorter = (named, prefix[:-1])
                if prefix.endswith("/") and shorter in paths.open:
                    return paths.open[shorter]
                return paths.open[named, prefix]
    return None


def _invalid(text: str, reason: str) -> ApiError:
    return ApiError(10022, f"{text!r} is no route pattern: {reason}")
