"""The binding of type `assets`: `env.ASSETS.fetch` answers with the version's own files.

Source: developers.cloudflare.com/workers/static-assets/binding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from engine.bindings.binding import Binding, BindingError, Result
from engine.runtime.http import Request

if TYPE_CHECKING:
    from engine.assets.sites import Sites
    from engine.model import Version
    from engine.runtime.http import Body
    from engine.runtime.invocation import Invocation


class Assets(Binding):
    """The files of one version.

    Args:
        name: the binding's name.
        sites: has them.
        version: whose they are.
    """

    type: ClassVar[str] = "assets"

    def __init__(self, name: str, sites: Sites, version: Version) -> None:
        super().__init__(name)
        self._sites = sites
        self._version = version

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        """`fetch` with `[{method, url, headers, …}]`: answers a response's head, and its body."""
        if operation != "fetch":
            raise BindingError(f'Assets binding "{self.name}" has no operation "{operation}".', "TypeError")
        sent = args[0]
        site = await self._sites.of(self._version)
        if site is None:
            raise BindingError(f'Assets binding "{self.name}": this version was deployed without assets.')
        headers = [(name, value) for name, value in sent["headers"]]
        response = await site.fetch(Request(sent["method"], sent["url"], headers))
        value = {
            "status": response.status,
            "statusText": response.status_text,
            "headers": response.headers,
            "url": sent["url"],
            "redirected": False,
        }
        size = len(response.body) if isinstance(response.body, bytes) else None
        return Result(value, response.body, size)

    def subject(self, operation: str, args: list[Any]) -> str:
        """`GET /logo.png`."""
        return f"{args[0]['method']} {urlsplit(args[0]['url']).path or '/'}"

    def outcome(self, operation: str, result: Result) -> str:
        """The status."""
        return str(result.value["status"])
