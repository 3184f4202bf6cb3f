"""The platform API as a binding: a worker that manages deployments asks it without leaving the process.

    { "type": "platform", "name": "PLATFORM" }        (wrangler: [[unsafe.bindings]] with this type)

    const headers = { authorization: `Bearer ${env.TOKEN}` };
    await env.PLATFORM.fetch("https://platform/client/v4/accounts", { headers })

The host of the URL means nothing. The binding itself lets nobody do anything: what a request may do is what
the token in it may, so a worker has a token of its own, as a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from engine.bindings.binding import Binding, BindingError, Result
from engine.bindings.service import Service

if TYPE_CHECKING:
    from engine.bindings.overlay import Overlay
    from engine.runtime.http import Body, Request, Response
    from engine.runtime.invocation import Invocation


class Platform(Service):
    """`fetch` of the API. To JavaScript it is a service binding."""

    type: ClassVar[str] = "platform"

    def spec(self) -> dict[str, Any]:
        """As a service binding's."""
        return {**super().spec(), "type": Service.type}

    def sandboxed(self, overlay: Overlay) -> Binding:
        """The same, for looking only: what the API does is not kept back."""
        return _ForLooking(self)

    async def _fetch(self, request: Request, invocation: Invocation) -> Response:
        answer = self._environments.platform
        if answer is None:
            raise BindingError(f'Binding "{self.name}": there is no platform API in a draft run.')
        return await answer(request)

    async def _remote(self, invocation: Invocation, args: list[Any], body: Body) -> Result:
        raise BindingError(f'Binding "{self.name}": the platform API has fetch() only.', "TypeError")


class _ForLooking(Platform):
    """What a sandboxed run has in its place."""

    def __init__(self, binding: Platform) -> None:
        super().__init__(binding.name, binding._environments, "")

    async def _fetch(self, request: Request, invocation: Invocation) -> Response:
        if request.method not in {"GET", "HEAD"}:
            raise BindingError(
                f'Binding "{self.name}": a sandboxed run cannot {request.method}, nothing was changed.'
            )
        return await super()._fetch(request, invocation)
