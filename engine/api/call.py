"""One request to the API, as its resources see it: who asks, about what, with which body."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from engine.api import access, envelope, multipart
from engine.api.process import Engine
from engine.errors import ApiError, NotFound
from engine.model import PRODUCTION, Actor
from engine.tokens.token import ACCOUNT as WHOLE_ACCOUNT
from engine.tokens.token import Caller

#: Bytes of a JSON body: the largest is a bulk write of KV (kv/platform/limits: 100 MB).
BODY_LIMIT = 100 * 1024 * 1024
ACCOUNT = "/accounts/{account}"
SERVICE = ACCOUNT + "/workers/services/{service}"
ENVIRONMENT = SERVICE + "/environments/{environment}"
SCRIPT = ACCOUNT + "/workers/scripts/{service}"
SOURCES = frozenset({"app", "cli"})


class Call:
    """One authenticated request.

    Attributes:
        engine: the process's parts.
        request: Starlette's view of it.
        params: the path's names, each decoded once.
        caller: who asks.
    """

    def __init__(self, engine: Engine, request: Request) -> None:
        self.engine = engine
        self.store = engine.store
        self.request = request
        self.query: Mapping[str, str] = request.query_params
        self.params = {name: _decoded(value) for name, value in request.path_params.items()}
        self.caller: Caller = request.scope["svc.caller"]

    @property
    def service(self) -> str:
        """The service that the path names."""
        return self.params["service"]

    @property
    def environment(self) -> str:
        """The environment that the path names; a path of `scripts/:n` means production."""
        return self.params.get("environment", PRODUCTION)

    @property
    def actor(self) -> Actor:
        """Who asks, and through what: the app and the command line say so, wrangler by its User-Agent.

        Who has a token of a name goes by that name, whatever the request says.
        """
        headers = self.request.headers
        source = headers.get("x-svc-source", "")
        if source not in SOURCES:
            source = "wrangler" if "wrangler" in headers.get("user-agent", "").lower() else "api"
        if self.caller.name is not None:
            return Actor(self.caller.name, source)
        author = unquote(headers.get("x-svc-author", ""), errors="replace")
        author = re.sub(r"[\x00-\x1f\x7f]", "", author).strip()[:128]
        return Actor(author or "api-token", source)

    def require(self, permission: str, service: str | None, environment: str | None = None) -> None:
        """See that the caller may do something where the path does not say; raises ApiError 9109."""
        access.require(self.caller, permission, service, environment)

    def sees(self, service: str) -> bool:
        """Whether a list shows the caller this service."""
        return self.caller.may(WHOLE_ACCOUNT) or self.caller.may_look(service)

    async def body(self, limit: int = BODY_LIMIT) -> bytes:
        """The whole body; raises ApiError 10013 (HTTP 413) above `limit` bytes."""
        chunks: list[bytes] = []
        size = 0
        async for chunk in self.request.stream():
            size += len(chunk)
            if size > limit:
                raise ApiError(10013, f"The request body is larger than {limit // 1024 // 1024} MiB.", 413)
            chunks.append(chunk)
        return b"".join(chunks)

    async def json_object(self) -> dict[str, Any]:
        """The body as a JSON object, whatever its Content-Type says; raises ApiError 10001."""
        return envelope.loads_object(await self.body())

    async def json(self) -> Any:
        """The body as JSON; raises ApiError 10001."""
        return envelope.loads(await self.body())

    @property
    def is_form(self) -> bool:
        """Whether the body is multipart/form-data."""
        return self.request.headers.get("content-type", "").lower().startswith("multipart/form-data")

    async def form(self) -> list[multipart.Part]:
        """The body as a form; raises ApiError 10004 or 10027."""
        content_type = self.request.headers.get("content-type", "")
        return await multipart.read_form(content_type, self.request.stream())

    def flag(self, name: str) -> bool:
        """Whether a query parameter says true."""
        return self.query.get(name, "").lower() in {"true", "1"}


Handler = Callable[[Call], Awaitable[Response]]


class Endpoint:
    """A path's handlers by method, as an ASGI application.

    Args:
        path: the pattern, by which it is decided what a token needs.
        handlers: what answers, by method.
    """

    def __init__(self, path: str, handlers: Mapping[str, Handler]) -> None:
        self.path = path
        self.handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the handler, check whose account it is and what its token may do, and answer."""
        request = Request(scope, receive, send)
        call = Call(scope["svc.engine"], request)
        account = call.params.get("account")
        if account is not None and account != call.store.account.id:
            raise NotFound(7003, f"There is no account {account[:64]} here; see GET /accounts.")
        method = "GET" if request.method == "HEAD" else request.method
        handler = self.handlers.get(method)
        if handler is None:
            allowed = ", ".join(sorted(self.handlers))
            error = ApiError(10405, f"Method {request.method} is not allowed here: {allowed} is.", 405)
            response = envelope.failure(error, {"allow": allowed})
        else:
            access.check(call.caller, access.need(self.path, method, call.params))
            response = await handler(call)
        await response(scope, receive, send)


def resource(path: str, **handlers: Handler) -> Route:
    """A route: `resource("/user", get=show)`."""
    return Route(path, Endpoint(path, {method.upper(): handler for method, handler in handlers.items()}))


def worker_resource(suffix: str, **handlers: Handler) -> list[Route]:
    """The same resource of a service's production (`scripts/:n`) and of any environment by name."""
    return [resource(SCRIPT + suffix, **handlers), resource(ENVIRONMENT + suffix, **handlers)]


def _decoded(segment: str) -> str:
    return unquote(segment, errors="strict") if "%" in segment else segment
