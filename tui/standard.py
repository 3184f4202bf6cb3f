"""An account that speaks Cloudflare's published API and nothing besides, seen as an engine with one
environment a service.

What engines add to that API (environments, whole services at once, the change feed, differences) is put
together here of what is published; `scripts/:n` is what engines call `services/:n/environments/production`.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from tui import diff
from tui.client import Engine
from tui.connection import Connection, EngineError, Json

PRODUCTION = "production"
#: Seconds between two looks at the list of scripts: there is no feed of changes to follow.
POLL = 30.0
_PRODUCTION_PATH = re.compile(r"/workers/services/([^/]+)/environments/production(?=/)")
_TYPES = {
    "application/javascript+module": "esm",
    "application/javascript": "commonjs",
    "application/json": "json",
    "application/wasm": "wasm",
    "application/source-map": "sourcemap",
    "text/plain": "text",
}
_BINARY = frozenset({"wasm", "data"})


class StandardConnection(Connection):
    """A connection that asks for scripts where an engine is asked for a service's production."""

    async def call(self, method: str, path: str, **options: Any) -> Json:
        """As `Connection.call`."""
        return await super().call(method, _PRODUCTION_PATH.sub(r"/workers/scripts/\1", path), **options)


class StandardEngine(Engine):
    """An account of Cloudflare."""

    connection_class = StandardConnection

    async def services(self) -> list[Json]:
        """Its scripts, each as a service with a production."""
        scripts = (await self._connection.call("GET", "/workers/scripts"))["result"]
        subdomain = await self._subdomain()
        return [
            {
                "id": script["id"],
                "created_on": script["created_on"],
                "modified_on": script["modified_on"],
                "environments": [_summary(script, subdomain)],
            }
            for script in sorted(scripts, key=lambda one: str(one["id"]))
        ]

    async def service_pages(self) -> AsyncIterator[tuple[list[Json], int]]:
        """All of them at once: the list of scripts has no pages."""
        found = await self.services()
        yield found, len(found)

    async def service(self, name: str) -> Json:
        """One of them."""
        found = next((one for one in await self.services() if one["id"] == name), None)
        if found is None:
            raise EngineError(10007, f"There is no {name} in this account.", 404)
        return found

    async def environment(self, service: str, environment: str) -> Json:
        """A script: its settings and deployments."""
        scripts = (await self._connection.call("GET", "/workers/scripts"))["result"]
        script = next((one for one in scripts if one["id"] == service), None)
        if script is None:
            raise EngineError(10007, f"There is no {service} in this account.", 404)
        summary = _summary(script, await self._subdomain())
        settings = await self.settings(service, PRODUCTION)
        deployments = await self.deployments(service, PRODUCTION)
        return {
            **summary,
            "urls": [summary["url"]] if summary["url"] else [],
            "bindings": settings.get("bindings") or [],
            "settings": {
                "compatibility_date": settings.get("compatibility_date"),
                "compatibility_flags": settings.get("compatibility_flags") or [],
                "limits": settings.get("limits") or {},
            },
            "deployments": deployments[:10],
            "deployments_count": len(deployments),
        }

    async def modules(self, service: str, environment: str, version: str | None = None) -> Json:
        """Source of what is live, or of a version."""
        path = f"/workers/scripts/{quote(service, safe='')}/content/v2"
        params = {"version": version} if version else {}
        async with self._connection.content(path, params=params) as content:
            head, body = content.headers, b"".join([chunk async for chunk in content.chunks])
        kind, main = head.get("content-type", ""), head.get("cf-entrypoint") or "worker.js"
        if kind.startswith("multipart/"):
            modules = await asyncio.to_thread(_parts, kind, body)
        else:
            modules = [_module(main, "script", body)]
        live = version
        if live is None:
            deployments = await self.deployments(service, PRODUCTION)
            live = deployments[0]["versions"][0]["version_id"] if deployments else None
        return {"version_id": live, "number": None, "main_module": main, "modules": modules}

    async def diff(self, service: str, source: str, target: str) -> Json:
        """Two versions of a script."""
        sides = [await self.modules(service, PRODUCTION, _version(one)) for one in (source, target)]
        before, after = (
            {one["name"]: one["text"] for one in side["modules"] if "text" in one} for side in sides
        )
        ends = [
            {"environment": PRODUCTION, "version_id": side["version_id"], "number": None} for side in sides
        ]
        return diff.compare(before, after, ends[0], ends[1])

    async def status(self) -> Json:
        """What is known of the account as a whole."""
        return {"address": self.address, "subdomain": await self._subdomain()}

    async def changes(self, since: int | None = None) -> AsyncIterator[Json]:
        """`connected` whenever the list of scripts is another one than before."""
        seen: Any = None
        while True:
            scripts = (await self._connection.call("GET", "/workers/scripts"))["result"]
            now = sorted((one["id"], one["modified_on"]) for one in scripts)
            if now != seen:
                seen = now
                yield {"kind": "connected"}
            await asyncio.sleep(POLL)

    async def _subdomain(self) -> str:
        try:
            found = (await self._connection.call("GET", "/workers/subdomain"))["result"]
        except EngineError:  # the account has none yet
            return ""
        return str((found or {}).get("subdomain") or "")


def _summary(script: Json, subdomain: str) -> Json:
    host = f"{script['id']}.{subdomain}.workers.dev" if subdomain else ""
    live = {"version_id": None, "number": None, "created_on": script["modified_on"], "percentage": 100}
    return {
        "environment": PRODUCTION,
        "production": True,
        "created_on": script["created_on"],
        "modified_on": script["modified_on"],
        "hostname": host,
        "url": f"https://{host}" if host else "",
        "live": live,
        "versions_count": None,
        "script": script,
    }


def _version(end: str) -> str | None:
    """An end of a difference: a version's id, or what is live."""
    return None if end == PRODUCTION else end


def _parts(kind: str, body: bytes) -> list[Json]:
    """The modules in a form."""
    from python_multipart.multipart import MultipartParser, parse_options_header

    boundary = parse_options_header(kind)[1].get(b"boundary", b"")
    found: list[Json] = []
    headers: dict[bytes, bytes] = {}
    name, value, content = bytearray(), bytearray(), bytearray()

    def begin() -> None:
        headers.clear()
        content.clear()

    def header() -> None:
        headers[bytes(name).lower()] = bytes(value)
        name.clear()
        value.clear()

    def end() -> None:
        options = parse_options_header(headers.get(b"content-disposition", b""))[1]
        label = (options.get(b"filename") or options.get(b"name") or b"").decode("utf-8", "replace")
        media = parse_options_header(headers.get(b"content-type", b""))[0].decode("latin-1").lower()
        found.append(_module(label.replace("%22", '"'), _TYPES.get(media, "data"), bytes(content)))

    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": begin,
            "on_header_field": lambda data, start, stop: name.extend(data[start:stop]),
            "on_header_value": lambda data, start, stop: value.extend(data[start:stop]),
            "on_header_end": header,
            "on_part_data": lambda data, start, stop: content.extend(data[start:stop]),
            "on_part_end": end,
        },
    )
    parser.write(body)
    parser.finalize()
    return found


def _module(name: str, kind: str, content: bytes) -> Json:
    shown: Json = {"name": name, "type": kind, "size": len(content)}
    try:
        if kind not in _BINARY:
            return {**shown, "text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {**shown, "type": "data", "base64": base64.b64encode(content).decode("ascii")}
    return {**shown, "base64": base64.b64encode(content).decode("ascii")}
