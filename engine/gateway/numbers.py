"""`GET /metrics`: the numbers of every environment for Prometheus and its kind, on this machine only.

Scrapers carry no token, so the page has no secrets: names of services and environments, and counts.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from engine.metrics.counters import Counters
from engine.metrics.metrics import Metrics

PATH: Final = "/metrics"

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Numbers:
    """The ASGI application of that path.

    Args:
        metrics: what was counted.
        isolates: how many there are now.
    """

    def __init__(self, metrics: Metrics, isolates: Callable[[], int]) -> None:
        self._metrics = metrics
        self._isolates = isolates

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
        """Answer one scrape; other machines are refused, whatever Host they say."""
        if not is_here(scope.get("client")):
            await _answer(send, 403, b"text/plain", b"Numbers are told to this machine only.\n")
            return
        if scope["method"] not in {"GET", "HEAD"}:
            await _answer(
                send, 405, b"text/plain", b"Numbers can only be read: GET.\n", (b"allow", b"GET, HEAD")
            )
            return
        accept = b", ".join(value for name, value in scope["headers"] if name == b"accept").decode("latin-1")
        rows: list[tuple[str, str, str, Counters]] = []
        for number, ((service, environment), series) in enumerate(list(self._metrics.each())):
            for version, counters in series.versions.items():
                rows.append((service, environment, version, counters.copy()))
            if series.before is not None:
                rows.append((service, environment, "before", series.before.copy()))
            if number % 100 == 99:
                await asyncio.sleep(0)  # requests come first
        # Loaded here: most engines are never scraped.
        openmetrics = await asyncio.to_thread(_renderer)
        body, kind = await asyncio.to_thread(openmetrics.render, rows, self._isolates(), accept)
        await _answer(send, 200, kind.encode(), body)


def _renderer() -> Any:
    from engine.metrics import openmetrics

    return openmetrics


def is_here(client: Any) -> bool:
    """Whether an ASGI `client` is this machine."""
    try:
        address = ipaddress.ip_address(client[0])
    except (TypeError, ValueError):
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool(address.is_loopback or (mapped is not None and mapped.is_loopback))


async def _answer(send: Send, status: int, kind: bytes, body: bytes, *more: tuple[bytes, bytes]) -> None:
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *more]})
    await send({"type": "http.response.body", "body": body})
