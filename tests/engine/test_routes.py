"""Route patterns: what Cloudflare's documentation says matches what."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ApiError
from engine.gateway.routes import Pattern, Routes, in_zone, parse

HOSTS = st.sampled_from(["e.com", "a.e.com", "b.a.e.com", "xe.com", "com"])
PATHS = st.lists(st.sampled_from(["/", "a", "A", "b", "?x=1"]), max_size=5).map(
    lambda parts: "/" + "".join(parts)
)
PATTERNS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "http://", "https://"]),
    st.sampled_from(["", "*", "*."]),
    HOSTS,
    PATHS.map(lambda path: path.replace("?x=1", "")),
    st.sampled_from(["", "*"]),
)


def table(*patterns: str) -> Routes[str]:
    made: Routes[str] = Routes()
    for pattern in patterns:
        made.add(parse(pattern), pattern)
    return made


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("example.com/", ["http://example.com/", "https://EXAMPLE.com/"], ["http://example.com/a", "http://a.example.com/"]),
        ("example.com", ["http://example.com/"], ["http://example.com/?x=1"]),
        ("https://example.com/*", ["https://example.com/a?x=1"], ["http://example.com/a"]),
        ("*example.com/*", ["http://example.com/", "http://a.b.example.com/x"], ["http://notexample.com/"]),
        ("*.example.com/*", ["http://a.example.com/"], ["http://example.com/"]),
        ("example.com/a", ["http://example.com/a"], ["http://example.com/a?x=1", "http://example.com/A"]),
        ("example.com/images*", ["http://example.com/images", "http://example.com/images/x"], ["http://example.com/i"]),
    ],
)  # fmt: skip
def test_pattern_matches(pattern: str, matching: list[str], other: list[str]) -> None:
    routes = table(pattern)
    assert [ask(routes, url) for url in matching] == [pattern] * len(matching)
    assert [ask(routes, url) for url in other] == [None] * len(other)


@pytest.mark.parametrize(
    ("patterns", "url", "winner"),
    [
        (["example.com/*", "example.com/a/*"], "http://example.com/a/b", "example.com/a/*"),
        (["a.example.com/*", "*.example.com/a"], "http://a.example.com/a", "a.example.com/*"),
        (
            ["example.com/images*", "example.com/images/*"],
            "http://example.com/images/hello",
            "example.com/images*",
        ),
        (["*.example.com/*", "*.b.example.com/*"], "http://a.b.example.com/", "*.b.example.com/*"),
        (["*example.com/*", "*.example.com/*"], "http://a.example.com/", "*.example.com/*"),
        (["example.com/*", "http://example.com/*"], "http://example.com/x", "http://example.com/*"),
        (["example.com/a*", "example.com/a"], "http://example.com/a", "example.com/a"),
        (["example.com/a", "*example.com/*"], "http://example.com/b", "*example.com/*"),
    ],
)
def test_the_most_specific_pattern_wins(patterns: list[str], url: str, winner: str) -> None:
    assert ask(table(*patterns), url) == winner
    assert ask(table(*reversed(patterns)), url) == winner


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("ftp://example.com/", "scheme"),
        ("ex*ample.com/", "one \\* only, at its start"),
        ("example.com/*/a", "one \\* only, at its end"),
        ("example.com/a?x=1", "query"),
        ("/a", "needs a host"),
        ("*", "needs a host"),
    ],
)
def test_a_pattern_that_is_none_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(ApiError, match=reason) as caught:
        parse(pattern)
    assert caught.value.code == 10022


@settings(deadline=None, max_examples=300)
@given(st.lists(PATTERNS, max_size=8), st.lists(PATTERNS, max_size=4), HOSTS, PATHS, st.booleans())
def test_it_is_the_most_specific_of_all_that_match(
    kept: list[str], removed: list[str], host: str, path: str, secure: bool
) -> None:
    """Against the rules read off one pattern at a time, whatever was added and removed in between."""
    routes = table(*kept[::2], *removed, *kept[1::2])
    for each in removed:
        if each not in kept:
            routes.remove(parse(each))
    scheme = "https" if secure else "http"
    patterns = sorted({*kept}, key=str)
    assert ask(routes, f"{scheme}://{host}{path}") == winner_of(patterns, scheme, host, path)
    assert routes.covers(host) == any(host_fits(parse(each), host) for each in patterns)


def winner_of(patterns: Sequence[str], scheme: str, host: str, path: str) -> str | None:
    """What PLATFORM.md §8 says: all that match, the longest host, then the path, decide."""
    found = []
    for each in map(parse, patterns):
        path_fits = path.startswith(each.path) if each.open_end else path == each.path
        if each.scheme in ("", scheme) and host_fits(each, host) and path_fits:
            found.append(each)
    if not found:
        return None

    def specific(each: Pattern) -> tuple[int, int, bool, int, bool]:
        wildcard = ("*", "*.", "").index(each.host_wildcard)
        return len(each.host), wildcard, not each.open_end, len(each.path), each.scheme != ""

    best = max(found, key=specific)
    # The known oddity: /images* beats /images/*.
    odd = str(best).removesuffix("/*") + "*"
    return odd if best.open_end and best.path != "/" and odd in map(str, found) else str(best)


def host_fits(pattern: Pattern, host: str) -> bool:
    below = host.endswith("." + pattern.host)
    return (
        below
        if pattern.host_wildcard == "*."
        else host == pattern.host or (below and pattern.host_wildcard == "*")
    )


def test_a_removed_pattern_matches_no_more() -> None:
    routes = table("example.com/*", "example.com/a*")
    routes.remove(parse("example.com/a*"))
    assert ask(routes, "http://example.com/a") == "example.com/*"
    routes.remove(parse("example.com/*"))
    assert ask(routes, "http://example.com/a") is None


def test_a_pattern_reads_back_as_it_was_written() -> None:
    for text in ("example.com/*", "https://*.example.com/a*", "*example.com/", "http://example.com/a/b"):
        assert str(parse(text)) == text


def test_a_zone_holds_its_host_and_subhosts() -> None:
    assert in_zone(parse("*.a.example.com/*"), "example.com")
    assert not in_zone(parse("notexample.com/*"), "example.com")


def ask(routes: Routes[str], url: str) -> str | None:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return routes.match("https" if scheme == "https" else "http", host, slash + path)
