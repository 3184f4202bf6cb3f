"""Outgoing ``fetch``: to anywhere, over HTTP/1.1 with kept connections.

Headers go out as the script gave them. Nothing asks for a compressed answer unless the script does; a
compressed answer is decompressed, and its Content-Encoding and Content-Length are taken off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urljoin, urlsplit

import httpx

from engine.bindings.binding import Binding, BindingError, Result

from ..http import Request, Response
from ..messages import asks_upgrade
from . import websocket

if TYPE_CHECKING:
    from ..http import Body
    from ..invocation import Invocation

_REDIRECTS = 20  # fetch.spec.whatwg.org/#http-redirect-fetch
_WHOLE = 1 << 16
_CONNECTIONS = 512
_TIMEOUT = {"connect": 30.0, "read": None, "write": None, "pool": None}
_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "host")
)
_DECODED = ("content-encoding", "content-length")
_LOST = "Network connection lost."
OFF = "The network is off for this run"
"""What a draft is told that may not connect to anything."""


Local = Callable[[Request, "Invocation"], Awaitable[Response | None]]
"""Answers a request without the network, where its URL is one of this machine's own; else gives None."""


class OutgoingFetch(Binding):
    """The network, in the shape of a binding: so every fetch is traced like any other call."""

    type: ClassVar[str] = "fetch"

    def __init__(self) -> None:
        super().__init__("fetch")
        self.local: Local | None = None
        self._client: asyncio.Task[httpx.AsyncClient] | None = None

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """Do ``[{method, url, headers, redirect}]``.

        Returns:
            ``{status, statusText, headers, url, redirected}`` and the body.

        Raises:
            BindingError: A TypeError, as fetch has for every network error.
        """
        sent = args[0]
        if not invocation.tree.network:
            raise BindingError(f"{OFF}: {self.subject(operation, args)}", "TypeError")
        if body is not None and asks_upgrade(sent["method"], sent["headers"]):
            return await self._upgrade(invocation, sent["url"], sent["headers"], body)
        method, url, mode = sent["method"], sent["url"], sent.get("redirect", "follow")
        headers = [(name, value) for name, value in sent["headers"] if name.lower() not in _HOP_BY_HOP]
        redirected = False
        for _ in range(_REDIRECTS + 1):
            found = await self._here(method, url, headers, body, invocation)
            if found is None:
                async with invocation.tree.connections:
                    found = await self._send(method, url, headers, body)
            response = found
            location = response.headers.get("location")
            if mode == "manual" or location is None or response.status_code not in (301, 302, 303, 307, 308):
                return await _result(response, url, redirected)
            await response.aclose()
            if mode == "error":
                raise BindingError(
                    f"fetch failed: {url} redirects, and the request's redirect is 'error'.", "TypeError"
                )
            target = urljoin(url, location)
            status = response.status_code
            if (status in (301, 302) and method == "POST") or (
                status == 303 and method not in ("GET", "HEAD")
            ):
                method, body = "GET", None
                headers = [pair for pair in headers if not pair[0].lower().startswith("content-")]
            elif body is not None and not isinstance(body, bytes):
                raise BindingError(
                    f"fetch failed: {url} redirects, and a streamed body cannot be sent again.", "TypeError"
                )
            if _origin(target) != _origin(url):
                headers = [pair for pair in headers if pair[0].lower() not in ("authorization", "cookie")]
            url, redirected = target, True
            if not invocation.count_subrequest():
                raise BindingError("Too many subrequests.")
        raise BindingError("Too many redirects.", "TypeError")

    async def _upgrade(self, invocation: Invocation, url: str, given: list[list[str]], body: Body) -> Result:
        """A WebSocket: to a worker of this machine, or to anywhere."""
        headers = [(name, value) for name, value in given]
        if self.local is not None:
            answer = await self.local(Request("GET", url, headers, body), invocation)
            if answer is not None:
                value = {
                    "status": answer.status,
                    "statusText": answer.status_text,
                    "headers": answer.headers,
                    "url": url,
                    "redirected": False,
                }
                return Result(value, answer.body)
        return await websocket.open_socket(url, headers, body)

    def subject(self, operation: str, args: list[Any]) -> str:
        """``GET https://host/path``; the query is left out, since it is where tokens travel."""
        parts = urlsplit(args[0]["url"])
        return f"{args[0]['method']} {parts.scheme}://{parts.netloc}{parts.path}{'?…' if parts.query else ''}"

    def outcome(self, operation: str, result: Result) -> str:
        """The status."""
        return str(result.value["status"])

    async def close(self) -> None:
        """Close every connection."""
        if self._client is not None:
            client = await self._client
            await client.aclose()
            self._client = None

    async def _here(
        self, method: str, url: str, headers: list[tuple[str, str]], body: Body, invocation: Invocation
    ) -> httpx.Response | None:
        """The answer of a worker on this machine whose URL it is; None when the network is to be asked."""
        if self.local is None:
            return None
        fields = [(name.lower(), value) for name, value in headers]
        if isinstance(body, bytes) and not any(name == "content-length" for name, _ in fields):
            fields.append(("content-length", str(len(body))))
        answer = await self.local(Request(method, url, fields, body), invocation)
        if answer is None:
            return None
        # A body that is plain as yet is not to be decoded: what is encoded loses these fields too.
        answered = [
            pair for pair in answer.headers if answer.coding is None or pair[0].lower() not in _DECODED
        ]
        return httpx.Response(
            answer.status,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in answered],
            content=answer.body,
            extensions={"reason_phrase": answer.status_text.encode("latin-1", "replace")},
        )

    async def _send(
        self, method: str, url: str, headers: list[tuple[str, str]], body: Body
    ) -> httpx.Response:
        if self._client is None:
            # Reading the certificates takes tens of milliseconds.
            self._client = asyncio.get_running_loop().create_task(asyncio.to_thread(_make_client))
        client = await asyncio.shield(self._client)
        target = httpx.URL(url)
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        host = target.host
        if host == "localhost" or host.endswith(".localhost"):
            # RFC 6761 §6.3: these names are this machine, whether or not the resolver knows them.
            fields.insert(0, (b"host", target.netloc))
            target = target.copy_with(host="127.0.0.1")
        if not isinstance(body, bytes) and body is not None:
            body = _reading(body)
        elif body is not None:
            fields = [pair for pair in fields if pair[0].lower() != b"content-length"]
        request = httpx.Request(
            method,
            target,
            headers=fields,
            content=body,
            extensions={"timeout": _TIMEOUT, "sni_hostname": host},
        )
        try:
            return await client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise BindingError(
                f"{_LOST} {url.split('?')[0]}: {error or type(error).__name__}", "TypeError"
            ) from error


def _make_client() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=64, keepalive_expiry=15)
    nothing = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(limits=limits, follow_redirects=False, cookies=nothing)


async def _reading(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in body:
        yield chunk


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


async def _result(response: httpx.Response, url: str, redirected: bool) -> Result:
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
    encoded = "content-encoding" in response.headers
    length = response.headers.get("content-length", "")
    if encoded:
        fields = [pair for pair in fields if pair[0].lower() not in _DECODED]
    value = {
        "status": response.status_code,
        "statusText": response.reason_phrase,
        "headers": fields,
        "url": url,
        "redirected": redirected,
    }
    if length.isdigit() and int(length) <= _WHOLE:
        try:
            return Result(value, await response.aread(), int(length))
        except httpx.HTTPError as error:
            raise BindingError(f"{_LOST} {error}", "TypeError") from error
    return Result(value, _chunks(response, encoded), int(length) if length.isdigit() else None)


async def _chunks(response: httpx.Response, encoded: bool) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_bytes() if encoded else response.aiter_raw():
            yield chunk
    except httpx.HTTPError as error:
        raise BindingError(f"{_LOST} {error}", "TypeError") from error
    finally:
        await response.aclose()
