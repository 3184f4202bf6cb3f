"""Durable Object namespaces as a binding: developers.cloudflare.com/durable-objects/api/namespace."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from engine.bindings.binding import Binding, BindingError, Result
from engine.bindings.trace import current_call
from engine.durable.ids import Address
from engine.errors import ApiError
from engine.runtime import coding
from engine.runtime.errors import WorkerError
from engine.runtime.http import Request

if TYPE_CHECKING:
    from engine.durable.objects import Objects
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation


class DurableObjects(Binding):
    """A namespace.

    Args:
        name: the binding's name.
        objects: runs them.
        namespace_id: which one.
        class_name: the class, where it is one of the version's own.
    """

    type: ClassVar[str] = "durable_object_namespace"

    def __init__(self, name: str, objects: Objects, namespace_id: str, class_name: str | None = None) -> None:
        super().__init__(name)
        self._objects = objects
        self._namespace = namespace_id
        self._class_name = class_name

    def spec(self) -> dict[str, Any]:
        """With the namespace, of which ids are made, and the class."""
        return {**super().spec(), "namespace_id": self._namespace, "class_name": self._class_name}

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """`fetch` with `[head, id, name]`, `rpc` with `[path, called, caps, id, name]`: as a service's."""
        try:
            if operation == "rpc":
                path, called, caps, object_id, name = args
                call = {"path": path, "called": called, "caps": caps}
                address = Address(self._namespace, object_id, name)
                return await self._objects.remote(address, call, body, invocation, current_call())
            return await self._fetch(args, body, invocation)
        except WorkerError as error:
            raise BindingError(error.message, error.name or "Error") from error
        except ApiError as error:
            raise BindingError(f'Binding "{self.name}" cannot answer: {error.message}') from error

    async def _fetch(self, args: list[Any], body: Body, invocation: Invocation) -> Result:
        sent, object_id, name = args
        headers = [(each, value) for each, value in sent["headers"]]
        if isinstance(body, bytes) and not any(each.lower() == "content-length" for each, _ in headers):
            headers.append(("content-length", str(len(body))))
        request = Request(sent["method"], sent["url"], headers, body, sent.get("cf"))
        address = Address(self._namespace, object_id, name)
        response, wrote = await self._objects.fetch(address, request, invocation, current_call())
        value = {
            "status": response.status,
            "statusText": response.status_text,
            "headers": response.headers,
            "url": request.url,
            "redirected": False,
        }
        if response.socket is not None:
            value["socket"] = response.socket
        size = len(response.body) if isinstance(response.body, bytes) else None
        body = coding.plain(response.headers, response.body, response.coding)
        return replace(Result(value, body, size), wrote=wrote)

    def title(self, operation: str, args: list[Any]) -> str:
        """The method's name of an RPC call."""
        return ".".join(args[0]) if operation == "rpc" else operation

    def subject(self, operation: str, args: list[Any]) -> str:
        """Which object, and what it is asked."""
        if operation == "rpc":
            path, called, _, object_id, name = args
            return f"{name or object_id[:12]} {'.'.join(path)}{'()' if called else ''}"
        parts = urlsplit(args[0]["url"])
        return (
            f"{args[2] or args[1][:12]} {args[0]['method']} {parts.path or '/'}{'?…' if parts.query else ''}"
        )

    def outcome(self, operation: str, result: Result) -> str:
        """The status."""
        return "" if operation == "rpc" else str(result.value["status"])
