"""A worker of another account, by the endpoints that Cloudflare publishes and no other.

`scripts/:n` is a worker's production; `services/:n/environments/:e` is any other environment, which engines
have and Cloudflare had.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

import orjson

from engine.accounts.environment import pages
from engine.api.multipart import read_form
from engine.cli.api import Client, Json, Refused
from engine.cli.errors import CliError
from engine.errors import ApiError
from engine.model import PRODUCTION
from engine.wrangler.modules import SourceFile

CONTENT_TYPES: Final[Mapping[str, str]] = {
    "esm": "application/javascript+module",
    "commonjs": "application/javascript",
    "script": "application/javascript",
    "text": "text/plain",
    "data": "application/octet-stream",
    "json": "application/json",
    "wasm": "application/wasm",
    "sourcemap": "application/source-map",
}
_TYPES: Final = {kind: name for name, kind in CONTENT_TYPES.items() if name not in {"script", "commonjs"}}
#: No such script, environment or service; nothing deployed.
_NOTHING: Final = frozenset({10007, 10090, 10092, 10222})


@dataclass(frozen=True)
class Remote:
    """One worker, or one environment of a service, which need not exist yet.

    Attributes:
        client: its account.
        service: the worker's name.
        environment: `production`, or an environment of an engine's service.
    """

    client: Client
    service: str
    environment: str = PRODUCTION

    @property
    def path(self) -> str:
        """Its path below the account."""
        name = quote(self.service, safe="")
        if self.environment == PRODUCTION:
            return f"/workers/scripts/{name}"
        return f"/workers/services/{name}/environments/{quote(self.environment, safe='')}"

    def settings(self) -> Json | None:
        """Bindings and settings of what is live; None when there is nothing."""
        return self._get(f"{self.path}/settings")

    def live(self) -> str | None:
        """The id of the deployment that is live: it changes with every deploy."""
        found = (self._get(f"{self.path}/deployments") or {}).get("deployments") or []
        return str(found[0]["id"]) if found else None

    def migration_tag(self) -> str | None:
        """The last migration of Durable Objects that it had."""
        found = self._get(f"/workers/services/{quote(self.service, safe='')}") or {}
        places = [found.get("default_environment") or {}, *(found.get("environments") or ())]
        mine = [each for each in places if each.get("environment") == self.environment]
        tag = ((mine or [{}])[0].get("script") or {}).get("migration_tag")
        return str(tag) if tag is not None else None

    def code(self) -> list[SourceFile]:
        """The modules that are live; none when there is nothing."""
        try:
            head, body = self.client.raw(f"{self.path}/content/v2")
        except Refused as error:
            if error.number in _NOTHING:
                return []
            raise
        kind = head.get("content-type", "")
        if not kind.startswith("multipart/"):
            return [SourceFile(head.get("cf-entrypoint") or "worker.js", "script", body)]
        try:
            parts = asyncio.run(read_form(kind, _once(body)))
        except ApiError as error:
            raise CliError(f"the code of {self.service} cannot be read: {error}") from None
        return [
            SourceFile(part.filename or part.name, _TYPES.get(part.content_type, "esm"), part.content)
            for part in parts
        ]

    def put(self, metadata: Json, modules: Sequence[SourceFile]) -> Json:
        """Upload and deploy; gives what the API says of the script."""
        files = [(each.name, (each.name, each.content, CONTENT_TYPES[each.type])) for each in modules]
        data = {"metadata": orjson.dumps(metadata).decode()}
        result: Json = self.client.call("PUT", self.path, data=data, files=files)
        return result

    # ------------------------------------------------------------------ what the account has

    @cached_property
    def namespaces(self) -> dict[str, str]:
        """KV namespaces: title to id."""
        return {each["title"]: each["id"] for each in pages(self.client, "/storage/kv/namespaces")}

    @cached_property
    def databases(self) -> dict[str, str]:
        """D1 databases: name to id."""
        return {each["name"]: each["uuid"] for each in pages(self.client, "/d1/database")}

    @cached_property
    def buckets(self) -> dict[str, str]:
        """R2 buckets; their name is their id."""
        found = self.client.call("GET", "/r2/buckets", params={"per_page": 1000})["buckets"]
        return {each["name"]: each["name"] for each in found}

    @cached_property
    def queues(self) -> dict[str, str]:
        """Queues; their name is what a binding says."""
        return {each["queue_name"]: each["queue_name"] for each in pages(self.client, "/queues")}

    def has_service(self, name: str, environment: str | None) -> bool:
        """Whether a service binding would lead to something."""
        return Remote(self.client, name, environment or PRODUCTION).settings() is not None

    def _get(self, path: str) -> Json | None:
        try:
            found: Json | None = self.client.call("GET", path)
        except Refused as error:
            if error.number in _NOTHING:
                return None
            raise
        return found


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def shown(binding: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A binding's value in a few words; `names` are what the account calls its resources, by id."""
    match str(binding["type"]):
        case "secret_text":
            return "set"
        case "plain_text":
            return str(binding["text"])
        case "json":
            return orjson.dumps(binding["json"]).decode()
        case "kv_namespace":
            return names.get(binding["namespace_id"], binding["namespace_id"])
        case "d1":
            return names.get(str(binding.get("id")), str(binding.get("id")))
        case "service":
            place = binding.get("environment")
            return f"{binding['service']}{f' › {place}' if place else ''}"
        case kind:
            for key in ("bucket_name", "queue_name", "class_name", "id"):
                if binding.get(key):
                    return str(binding[key])
            return kind
