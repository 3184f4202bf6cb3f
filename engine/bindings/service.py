"""Service bindings: another worker of this account, called in process.

Source: PLATFORM.md §2 and developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings. What
the target's code throws is thrown in the caller; a chain may have 32 invocations in all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from engine.bindings.binding import Binding, BindingError, Result
from engine.bindings.redirect import MAX_REDIRECTS, RedirectError, discard, next_request
from engine.bindings.trace import current_call
from engine.errors import ApiError
from engine.model import PRODUCTION
from engine.runtime import coding
from engine.runtime.errors import WorkerError
from engine.runtime.http import Request

if TYPE_CHECKING:
    from engine.bindings.context import Environments
    from engine.runtime.http import Body, Response
    from engine.runtime.invocation import Invocation


class Service(Binding):
    """A worker of another service, or of another environment of the same one.

    Args:
        name: the binding's name.
        environments: answers for the target.
        service: the target's name.
        environment: the target's environment; production when the binding names none.
        entrypoint: exported class to call instead of the default export.
        props: what the target sees as `ctx.props`.
    """

    type: ClassVar[str] = "service"

    def __init__(
        self,
        name: str,
        environments: Environments,
        service: str,
        environment: str | None = None,
        entrypoint: str | None = None,
        props: Any = None,
    ) -> None:
        super().__init__(name)
        self._environments = environments
        self.service = service
        self.environment = environment or PRODUCTION
        self.entrypoint = entrypoint
        self.props = props

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """`fetch` with `[{method, url, headers, redirect, cf}]`: answers a response's head, and its body."""
        if operation == "rpc":
            return await self._remote(invocation, args, body)
        if operation != "fetch":
            raise BindingError(f'Service binding "{self.name}" has no operation "{operation}".', "TypeError")
        sent = args[0]
        headers = [(name, value) for name, value in sent["headers"]]
        if isinstance(body, bytes) and _length(headers) is None:
            headers.append(("content-length", str(len(body))))  # as workerd does for a body it knows
        request = Request(sent["method"], sent["url"], headers, body, sent.get("cf"))
        response = await self._fetch(request, invocation)
        followed = 0
        if sent.get("redirect", "manual") != "manual":
            try:
                while (following := next_request(request, response)) is not None:
                    await discard(response)
                    if sent["redirect"] == "error" or followed == MAX_REDIRECTS:
                        raise RedirectError("Too many redirects." if followed else "Unexpected redirect.")
                    request = following
                    response = await self._fetch(request, invocation)
                    followed += 1
            except RedirectError as error:
                raise BindingError(str(error), "TypeError") from None
        value = {
            "status": response.status,
            "statusText": response.status_text,
            "headers": response.headers,
            "url": request.url,
            "redirected": followed > 0,
        }
        if response.socket is not None:
            value["socket"] = response.socket
        size = len(response.body) if isinstance(response.body, bytes) else _length(response.headers)
        return Result(value, coding.plain(response.headers, response.body, response.coding), size)

    async def _fetch(self, request: Request, invocation: Invocation) -> Response:
        """One invocation of the target."""
        try:
            child = invocation.child(self.service, self.environment, current_call())
            return await self._environments.fetch(
                self.service,
                self.environment,
                request,
                child,
                entrypoint=self.entrypoint,
                props=self.props,
            )
        except WorkerError as error:
            raise BindingError(error.message, error.name or "Error") from error
        except ApiError as error:
            raise self._away(error) from error

    async def _remote(self, invocation: Invocation, args: list[Any], body: Body) -> Result:
        """`rpc` with `[path, called, caps]` and the arguments' message."""
        call = {"path": args[0], "called": args[1], "caps": args[2]}
        try:
            return await self._environments.remote(
                self.service,
                self.environment,
                invocation,
                call,
                body,
                parent_call=current_call(),
                entrypoint=self.entrypoint,
                props=self.props,
            )
        except WorkerError as error:
            raise BindingError(error.message, error.name or "Error") from error
        except ApiError as error:
            raise self._away(error) from error

    def _away(self, error: ApiError) -> BindingError:
        return BindingError(
            f'Service binding "{self.name}" points to {self.service} ({self.environment}), '
            f"which cannot answer: {error.message}"
        )

    def title(self, operation: str, args: list[Any]) -> str:
        """The method's name of an RPC call."""
        return ".".join(args[0]) if operation == "rpc" else operation

    def subject(self, operation: str, args: list[Any]) -> str:
        """`GET /whoami`. The query is left out: it is where tokens travel."""
        if operation == "rpc":
            return f"{'.'.join(args[0])}()" if args[1] else ".".join(args[0])
        parts = urlsplit(args[0]["url"])
        return f"{args[0]['method']} {parts.path or '/'}{'?…' if parts.query else ''}"

    def outcome(self, operation: str, result: Result) -> str:
        """The status."""
        return "" if operation == "rpc" else str(result.value["status"])


def _length(headers: list[tuple[str, str]]) -> int | None:
    """What a message says its body's size is, in bytes."""
    for name, value in headers:
        if name.lower() == "content-length" and value.isascii() and value.isdigit():
            return int(value)
    return None
