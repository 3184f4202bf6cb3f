"""Following redirects without a network (https://fetch.spec.whatwg.org/#http-redirect-fetch)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from engine.runtime.http import Request, Response

MAX_REDIRECTS: Final = 20
_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
_BODY_HEADERS: Final = frozenset(
    {"content-encoding", "content-language", "content-length", "content-location", "content-type"}
)


class RedirectError(Exception):
    """A redirect cannot be followed; the text says why."""


def next_request(request: Request, response: Response) -> Request | None:
    """What to ask next, or None when the response is no redirect.

    Raises:
        RedirectError: the body was a stream, which is gone, and would have to be sent again.
    """
    location = next((value for name, value in response.headers if name.lower() == "location"), None)
    if response.status not in _STATUSES or location is None:
        return None
    url = urldefrag(urljoin(request.url, location)).url
    method, body, headers = request.method, request.body, request.headers
    status = response.status
    if (status == 303 and method not in {"GET", "HEAD"}) or (status in {301, 302} and method == "POST"):
        method, body = "GET", None
        headers = [field for field in headers if field[0].lower() not in _BODY_HEADERS]
    elif body is not None and not isinstance(body, bytes):
        raise RedirectError(
            "A request with a one-time-use body (it was initialized from a stream) was redirected."
        )
    if urlsplit(url)[:2] != urlsplit(request.url)[:2]:
        headers = [field for field in headers if field[0].lower() != "authorization"]
    return Request(method, url, headers, body, request.cf)


async def discard(response: Response) -> None:
    """Let go of a body that nobody reads."""
    close = getattr(response.body, "aclose", None)
    if close is not None:
        await close()
