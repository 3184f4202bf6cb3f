"""A request from a curl command line, and as one."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterator

from tui.requests import METHODS, DraftRequest

WITH_VALUE = frozenset("XHdFTAebuomxEKwcCrtyYzDUQP")
"""One-letter options that take a value."""
LONG_WITHOUT = frozenset(
    (
        "head", "get", "compressed", "insecure", "silent", "location", "verbose", "include", "fail",
        "show-error", "no-buffer", "http1.1", "http2", "http3",
        "ipv4", "ipv6", "globoff", "path-as-is", "fail-with-body",
        "progress-bar", "raw", "tcp-nodelay", "no-progress-meter", "location-trusted", "proto-default",
    )
)  # fmt: skip
LETTERS = {
    "X": "request", "H": "header", "d": "data", "F": "form", "T": "upload-file", "A": "user-agent",
    "e": "referer", "b": "cookie", "u": "user", "I": "head", "G": "get",
}  # fmt: skip


class CurlError(ValueError):
    """A command line that cannot be taken over; its text is a sentence."""


def is_curl(text: str) -> bool:
    """Whether a text looks like a curl command line."""
    return bool(re.match(r"\s*(\$\s+)?curl(\.exe)?\s", text))


def read(text: str) -> DraftRequest:
    """A request from a curl command line, as browsers and API documentation give it.

    Raises:
        CurlError: It is none, or it sends something from files.
    """
    joined = re.sub(r"[\\^]\r?\n", " ", text.strip()).removeprefix("$ ")
    # $'…' of bash: browsers write it for bodies with quotes or line ends.
    joined = re.sub(r"\$'((?:[^'\\]|\\.)*)'", _unescape, joined)
    try:
        words = shlex.split(joined)
    except ValueError as error:
        raise CurlError(f"A quote is not closed ({error}).") from error
    if not words or not re.fullmatch(r"(.*/)?curl(\.exe)?", words[0]):
        raise CurlError("It does not begin with curl.")
    method, url, body = "", "", []
    headers: list[tuple[str, str]] = []
    as_query = False
    for option, value in _options(words[1:]):
        match option:
            case "request":
                method = value.upper()
            case "url" | "":
                url = value
            case "header":
                name, colon, content = value.partition(":")
                if colon and content.strip():
                    headers.append((name.strip(), content.strip()))
            case "data" | "data-raw" | "data-ascii" | "data-binary" | "data-urlencode" | "json":
                if value.startswith("@") and option != "data-raw":
                    raise CurlError(f"It sends the file {value[1:]}: paste its text as the body.")
                body.append(value)
                if option == "json":
                    headers += [("content-type", "application/json"), ("accept", "application/json")]
            case "user-agent" | "referer" | "cookie":
                headers.append((option, value))
            case "user":
                token = base64.b64encode(value.encode()).decode()
                headers.append(("authorization", f"Basic {token}"))
            case "head":
                method = method or "HEAD"
            case "get":
                as_query = True
            case "form" | "upload-file":
                raise CurlError(f"It sends a file or a form (--{option}): that cannot be taken over.")
    if not url:
        raise CurlError("It has no URL.")
    text_body = "&".join(body)
    if as_query and text_body:
        url, text_body = url + ("&" if "?" in url else "?") + text_body, ""
    method = method or ("POST" if text_body else "GET")
    if method not in METHODS:
        raise CurlError(f"{method} is not one of {', '.join(METHODS)}.")
    if text_body and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/x-www-form-urlencoded"))
    return DraftRequest(method, url, headers, text_body)


def write(request: DraftRequest, base: str) -> str:
    """A curl command line that sends the same request.

    Args:
        request: The request.
        base: What a path is added to: `http://notes.dev.localhost:8787`.
    """
    sent = request.payload(base)
    parts = [f"curl {shlex.quote(sent['url'])}"]
    if request.method == "HEAD":
        parts.append("--head")
    elif request.method != ("POST" if sent["body"] else "GET"):
        parts.append(f"-X {request.method}")
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers]
    if sent["body"]:
        parts.append(f"--data-raw {shlex.quote(sent['body'])}")
    return " \\\n  ".join(parts)


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Options by their long names with their values; a plain word is the URL, under no name."""
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if name in LONG_WITHOUT or name.startswith("no-"):
                yield name, ""
            else:
                yield name, value if equals else next(rest, "")
        elif word.startswith("-") and len(word) > 1:
            for at, letter in enumerate(word[1:], 2):
                name = LETTERS.get(letter, letter)
                if letter in WITH_VALUE:
                    yield name, word[at:] or next(rest, "")
                    break
                yield name, ""
        else:
            yield "", word


def _unescape(match: re.Match[str]) -> str:
    plain = re.sub(
        r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))",
        lambda found: (
            chr(int(found[1] or found[2], 16))
            if found[1] or found[2]
            else {"n": "\n", "r": "\r", "t": "\t"}.get(found[3], found[3])
        ),
        match[1],
    )
    return shlex.quote(plain)
