"""What a worker's own `fetch` reaches on this machine without the network: custom domains and routes."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.bindings.trace import current_call
from engine.errors import ApiError
from engine.gateway import error_page
from engine.gateway.dispatch import cause_of
from engine.gateway.router import OFF, Router
from engine.runtime.errors import WorkerError
from engine.runtime.http import Request, Response
from engine.runtime.invocation import Invocation

if TYPE_CHECKING:
    from engine.gateway.environments import Environments

_PORTS = {"http": 80, "https": 443}

log = logging.getLogger("engine.gateway")


class Subrequests:
    """Answers the fetches that lead to an environment of ours.

    Args:
        router: whose URL is whose.
        environments: what answers for an environment.
    """

    def __init__(self, router: Router, environments: Environments) -> None:
        self._router = router
        self._environments = environments

    async def __call__(self, request: Request, invocation: Invocation) -> Response | None:
        """The answer of another worker, an error page where it fails; None when it is the network's.

        Raises:
            InvocationLimit: the request has had its 32 invocations.
        """
        if not len(self._router):
            return None
        parts = urlsplit(request.url)
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        caller = (invocation.service, invocation.environment)
        target = self._router.fetched(caller, parts.hostname or "", parts.scheme, path, invocation.public)
        if target is None:
            return None
        accept = next((value for name, value in request.headers if name.lower() == "accept"), "")
        if target is OFF:
            if await _is_here(parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)):
                return _page(error_page.NO_ORIGIN, parts.hostname or "", accept)
            return None
        request.headers = [("host", parts.netloc), *request.headers, ("x-forwarded-proto", parts.scheme)]
        child = invocation.child(target.service, target.environment, current_call())
        try:
            return await self._environments.fetch(target.service, target.environment, request, child)
        except (WorkerError, ApiError) as error:
            log.info("%s, fetched by %s of %s: %s", target.hostname, *reversed(caller), error)
            return _page(cause_of(error), target.hostname, accept, f"{child.id:08x}")


def _page(cause: error_page.Cause, host: str, accept: str, request_id: str = "") -> Response:
    status, headers, body = error_page.render(cause, host, accept, request_id)
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    return Response(status, "", fields, body)


async def _is_here(host: str, port: int) -> bool:
    """Whether a name leads back to this machine, where the same route would answer it without end."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return host.endswith(".localhost")
    return any(ipaddress.ip_address(address[4][0]).is_loopback for address in found)
