"""The API, whose modules are imported when it is first asked: an environment's first answer does not wait."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.gateway.inside import Message, Receive, Send

if TYPE_CHECKING:
    from engine.api.app import Api
    from engine.api.process import Engine


class LateApi:
    """The ASGI application of the API.

    Args:
        engine: what the resources work on.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._making: asyncio.Task[Api] | None = None
        self._api: Api | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        api = self._api or await self.load()
        await api(scope, receive, send)

    async def load(self) -> Api:
        """Import it, if that was not done before; requests that come meanwhile wait for the same."""
        if self._making is None:
            self._making = asyncio.ensure_future(asyncio.to_thread(self._make))
        self._api = await asyncio.shield(self._making)
        return self._api

    def _make(self) -> Api:
        made: Any = import_module("engine.api.app").Api(self._engine)
        api: Api = made
        return api
