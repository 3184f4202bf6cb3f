"""Every request's first step: to the API, or by its hostname to the environment that answers it.

A plain ASGI application. On the way of a hostname there is no framework, no database and no task of
its own per request; what a worker says is passed on as it comes.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from engine.errors import ApiError, NotFound
from engine.gateway import error_page, handlers, numbers, tail_socket, upgrade, websocket
from engine.gateway.client_body import ClientBody
from engine.gateway.encoding import encode
from engine.gateway.errors import NoCode
from engine.gateway.hostnames import Target, is_loopback, name_of
from engine.gateway.router import OFF, Router
from engine.gateway.server import Cycle
from engine.gateway.tail_socket import TailSockets
from engine.runtime.errors import (
    Canceled,
    CpuLimitExceeded,
    HungError,
    InvocationLimit,
    MemoryLimitExceeded,
    Unavailable,
    WorkerError,
)
from engine.runtime.http import Body, Request, Response, read
from engine.runtime.invocation import Invocation
from engine.runtime.passed import Passed

if TYPE_CHECKING:
    from engine.gateway.environments import Environments

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

API = "/client/v4"
#: Header fields that belong to one connection (RFC 9110 §7.6.1), not to the message.
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
#: What the gateway says itself, whatever a client or a worker says.
OURS = frozenset({"x-forwarded-proto", "cf-ray"})
_NOT_SENT = HOP_BY_HOP | {"cf-ray"}
_PHRASES = {int(status): status.phrase for status in HTTPStatus}
_NO_BODY = frozenset({204, 304})

log = logging.getLogger("engine.gateway")


class Dispatch:
    """The application that the server runs.

    Args:
        router: whose URL is whose.
        environments: what answers for an environment.
        api: the API's application; it is given paths below `/client/v4`.
        tails: answers the WebSockets of tails.
        scraped: answers who collects numbers.
    """

    def __init__(
        self,
        router: Router,
        environments: Environments,
        api: Application,
        tails: TailSockets,
        scraped: Application,
    ) -> None:
        self._tails = tails
        self._numbers = scraped
        self._router = router
        self._remembered = router.remembered
        self._fetch = environments.fetch
        self._dispatch = environments.dispatch
        self._fetch_preview = environments.fetch_preview
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"the gateway speaks HTTP only, not {scope['type']}")
        host = b""
        headers: list[tuple[str, str]] = []
        has_body = upgrades = told = False
        for raw_name, raw_value in scope["headers"]:
            name = raw_name.decode("latin-1")
            if name == "host":
                host = raw_value
            elif name in HOP_BY_HOP:
                has_body = has_body or name == "transfer-encoding"
                if name != "upgrade" or raw_value.lower() != b"websocket":
                    continue
                upgrades = scope["method"] == "GET"  # scripts look at it, so this one stays
            elif name == "content-length":
                has_body = raw_value != b"0"
            elif name in OURS:
                continue
            elif name == "cf-connecting-ip":
                told = True  # who tries a worker here may say where from
            headers.append((name, raw_value.decode("latin-1")))
        target = self._remembered(host) or self._router.find(host, scope["scheme"], _path(scope))
        if target is None or target is OFF:
            await self._elsewhere(host, scope, receive, send)
            return
        url = f"{scope['scheme']}://{host.decode('latin-1').lower()}{scope['raw_path'].decode('latin-1')}"
        if scope["query_string"]:
            url = f"{url}?{scope['query_string'].decode('latin-1')}"
        cycle: Cycle = scope["svc.cycle"]
        request = Request(scope["method"], url, headers)
        accept = websocket.accept_key(scope["headers"]) if upgrades else None
        client = upgrade.ClientMessages() if accept is not None else None
        if client is not None:
            request.body = client
        elif has_body:
            if cycle.more_body:
                request.body = ClientBody(receive, self._router.origin(name_of(host)) is not None)
            else:
                request.body = (await receive())["body"]
        invocation = Invocation(target.service, target.environment)
        if not told:
            peer = scope.get("client")
            headers.append(("cf-connecting-ip", peer[0] if peer else "127.0.0.1"))
        headers.append(("x-forwarded-proto", scope["scheme"]))
        headers.append(("cf-ray", invocation.ray))
        cycle.on_disconnect = invocation.cancel
        try:
            if scope["path"].startswith(handlers.PREFIX) and target.preview is None:
                response = await self._handle(target, scope, request, invocation)
            elif target.preview is None:
                response = await self._fetch(target.service, target.environment, request, invocation)
            else:
                response = await self._fetch_preview(
                    target.service, target.environment, target.preview, request, invocation
                )
        except Exception as error:
            passed = await self._passed_through(error, target, request, name_of(host), invocation)
            if passed is None:
                await self._failed(error, target, invocation, scope, send)
                return
            response = passed
        if accept is not None and client is not None:
            if response.status == 101:
                await upgrade.start(
                    response, _head(response, "GET", invocation.ray)[0], client, accept, cycle
                )
                return
            client.end()
        if response.coding is not None:
            await encode(response, headers)
        await _answer(response, target, invocation, scope["method"], cycle, send)

    async def _handle(
        self, target: Target, scope: Scope, request: Request, invocation: Invocation
    ) -> Response:
        """Run the handler of another event than a request by hand."""

        async def dispatch(name: str, payload: Any, body: Body, invocation: Invocation) -> Any:
            return await self._dispatch(name, payload, invocation, body=body)

        try:
            body = await read(request.body, handlers.LARGEST_EMAIL)
        except ValueError:
            body = b""
        query = scope["query_string"].decode("latin-1")
        answer = await handlers.handle(scope.get("client"), scope["path"], query, body, invocation, dispatch)
        return Response(answer.status, "", [("content-type", answer.type)], answer.text.encode())

    async def _passed_through(
        self, error: Exception, target: Target, request: Request, name: str, failed: Invocation
    ) -> Response | None:
        """What is behind the route answers where the script had called `passThroughOnException`.

        None when it had not, when nothing is behind it, or when the request's body is used up.
        """
        if not isinstance(error, WorkerError) or not error.pass_through or target.preview is not None:
            return None
        origin = self._router.origin(name)
        if origin is None or (origin.service, origin.environment) == (target.service, target.environment):
            return None
        body = request.body
        if not (body is None or isinstance(body, bytes) or (isinstance(body, ClientBody) and body.again())):
            return None
        log.info("%s request %s passed through: %s", target.hostname, failed.ray, _told(error))
        try:
            child = failed.child(origin.service, origin.environment)
            return await self._fetch(origin.service, origin.environment, request, child)
        except (WorkerError, ApiError) as second:
            log.info("%s request %s: its origin failed: %s", target.hostname, failed.ray, second)
            return None

    async def _elsewhere(self, host: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        """A host that is no environment's: this machine itself, or something unknown."""
        path: str = scope["path"]
        name = name_of(host)
        if path == API or path.startswith(API + "/"):
            if is_loopback(host):
                await self._api(scope, receive, send)
                return
            from engine.api.envelope import failure_body  # here: most processes never need it

            advice = error_page.REFUSED_HOST.advice.format(host=name[:255] or "a request without Host")
            await _send_json(send, 403, failure_body(10000, advice))
        elif is_loopback(host) and path.startswith(tail_socket.PREFIX):
            await self._tails.answer(scope, send)
        elif path == numbers.PATH and is_loopback(host):
            await self._numbers(scope, receive, send)
        elif is_loopback(host):
            example = self._router.hostnames.hostname("<service>", "production")
            await _send_page(send, scope, error_page.NOT_AN_ENVIRONMENT, example)
        elif (now := self._router.hostnames.moved(name)) is not None:
            port = host.decode("latin-1").partition(":")[2]
            url = f"{scope['scheme']}://{now}{':' + port if port.isdecimal() else ''}{_path(scope)}"
            await _send_page(send, scope, error_page.MOVED, url)
        elif self._router.find(host, scope["scheme"], _path(scope)) is OFF:
            await _send_page(send, scope, error_page.SWITCHED_OFF, name)
        else:
            await _send_page(send, scope, error_page.UNKNOWN_HOST, name or "this address")

    async def _failed(
        self, error: Exception, target: Target, invocation: Invocation, scope: Scope, send: Send
    ) -> None:
        cycle: Cycle = scope["svc.cycle"]
        if isinstance(error, Canceled) and cycle.disconnected:
            return
        request_id = invocation.ray
        if isinstance(error, WorkerError):
            log.info("%s request %s: %s", target.hostname, request_id, _told(error))
        elif not isinstance(error, ApiError):
            log.error("%s request %s failed in the engine", target.hostname, request_id, exc_info=error)
        await _send_page(send, scope, cause_of(error), target.hostname, request_id)


def _path(scope: Scope) -> str:
    """Path and query, as on the request line."""
    path: str = scope["raw_path"].decode("latin-1")
    query = scope["query_string"]
    return f"{path}?{query.decode('latin-1')}" if query else path


def cause_of(error: Exception) -> error_page.Cause:
    """The error page's cause for an exception of a worker or of ours."""
    for kind, cause in _CAUSES:
        if isinstance(error, kind):
            return cause
    return error_page.INTERNAL


_CAUSES: tuple[tuple[type[Exception], error_page.Cause], ...] = (
    (NoCode, error_page.NO_CODE),
    (NotFound, error_page.UNKNOWN_HOST),
    (CpuLimitExceeded, error_page.CPU),
    (MemoryLimitExceeded, error_page.MEMORY),
    (HungError, error_page.HUNG),
    (InvocationLimit, error_page.INVOCATIONS),
    (Unavailable, error_page.UNAVAILABLE),
    (WorkerError, error_page.EXCEPTION),
)


def _told(error: WorkerError) -> str:
    """An exception in one line of the log, with its places in the user's files."""
    places = " < ".join(f"{frame.file}:{frame.line}:{frame.column}" for frame in error.stack[:5])
    return f"{error.code} {error}".replace("\n", " ") + (f" at {places}" if places else "")


async def _answer(
    response: Response, target: Target, invocation: Invocation, method: str, cycle: Cycle, send: Send
) -> None:
    """Send a worker's response; a stream that breaks ends the connection, so that the client can tell."""
    body = response.body
    headers, reason = _head(response, method, invocation.ray)
    if body is None or isinstance(body, bytes):
        await cycle.respond(response.status, reason, headers, body or b"")
        return
    try:
        start = {"type": "http.response.start", "status": response.status, "headers": headers}
        await send({**start, "reason": reason} if reason else start)
        if method != "HEAD":
            async for chunk in body:
                if cycle.disconnected:
                    return
                if chunk:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except Exception as error:
        if not cycle.disconnected:
            told = _told(error) if isinstance(error, WorkerError) else repr(error)
            log.info("%s request %s: response cut off: %s", target.hostname, invocation.ray, told)
            cycle.abort()
    finally:
        close = getattr(body, "aclose", None)
        if close is not None:
            await close()


def _head(response: Response, method: str, ray: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The response's field lines as they are sent, and its reason phrase where it is not the usual one."""
    status, body = response.status, response.body
    whole = body is None or isinstance(body, bytes)
    headers: list[tuple[bytes, bytes]] = [(b"cf-ray", ray.encode())]
    told = False
    for name, value in response.headers:
        lower = name.lower()
        if lower in _NOT_SENT:
            continue
        if lower == "content-length":
            # A HEAD or streamed answer may say how long it is; otherwise what is sent is what counts.
            if told or status in _NO_BODY or not value.isdecimal() or (whole and method != "HEAD"):
                continue
            told = True
        if not value.isprintable():
            value = "".join(char for char in value if char == "\t" or not _is_control(char))
        headers.append((name.encode("latin-1", "replace"), value.encode("latin-1", "replace")))
    if not told and status not in _NO_BODY:
        size = len(cast(bytes, body or b"")) if whole else body.size if isinstance(body, Passed) else None
        if size is not None:
            headers.append((b"content-length", b"%d" % size))
    text = response.status_text
    if text and text != _PHRASES.get(status) and text.isprintable():
        return headers, text.encode("latin-1", "replace")
    return headers, b""


def _is_control(char: str) -> bool:
    return char < " " or char == "\x7f"


async def _send_page(
    send: Send, scope: Scope, cause: error_page.Cause, host: str, request_id: str = ""
) -> None:
    accept = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"), "")
    status, headers, body = error_page.render(cause, host, accept, request_id)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_json(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
