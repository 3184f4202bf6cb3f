"""What bindings hold, over the API: a part of `tui.client.Engine`.

Lists come in pages, and a page names the next one: nothing here reads all of anything that can be large.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tui.connection import Connection, Content, EngineError, Json

KV = "/storage/kv/namespaces"
D1 = "/d1/database"
R2 = "/r2/buckets"
OBJECTS = "/workers/durable_objects/namespaces"
QUEUES = "/queues"
WORKFLOWS = "/workflows"
#: The engine's answer to a path that it does not have.
NO_ROUTE = 7003


@dataclass(frozen=True)
class Page:
    """A page of a list; `cursor` is empty on the last one."""

    items: list[Json]
    cursor: str = ""
    folders: list[str] = field(default_factory=list)
    """R2: what keys go on with, up to the next slash."""


class DataCalls:
    """Mix-in of the client: KV, D1, R2, Durable Objects, queues, workflows. Raises what the client raises."""

    _connection: Connection

    async def _result(self, method: str, path: str, payload: Any = None, **options: Any) -> Any:
        raise NotImplementedError

    def _refuse_when_read_only(self) -> None:
        raise NotImplementedError

    # ------------------------------------------------------------------ KV

    async def kv_namespaces(self) -> list[Json]:
        """All KV namespaces: `[{id, title}]`, by title."""
        found: list[Json] = []
        while True:
            params = {"page": len(found) // 1000 + 1, "per_page": 1000, "order": "title"}
            batch = await self._result("GET", KV, params=params)
            found += batch
            if len(batch) < 1000:
                return found

    async def create_kv(self, title: str) -> Json:
        """Create a KV namespace: `{id, title}`."""
        made: Json = await self._result("POST", KV, {"title": title})
        return made

    async def kv_prefixes(self, namespace: str, prefix: str = "", cursor: str = "") -> Page:
        """What keys go on with behind a prefix: `{name, keys, more, folder}`."""
        return await self._page(f"{KV}/{namespace}/prefixes", prefix=prefix, cursor=cursor)

    async def kv_entries(self, namespace: str, prefix: str = "", cursor: str = "") -> Page:
        """Keys: `{name, size, expiration?, metadata?}`."""
        return await self._page(f"{KV}/{namespace}/entries", prefix=prefix, cursor=cursor, limit="100")

    def kv_value(self, namespace: str, key: str) -> AbstractAsyncContextManager[Content]:
        """A value's bytes."""
        return self._connection.content(f"{KV}/{namespace}/values/{_part(key)}")

    async def put_kv(
        self,
        namespace: str,
        key: str,
        value: bytes,
        expiration: int | None = None,
        metadata: Any = None,
    ) -> None:
        """Write one entry; `expiration` is a unix time in seconds."""
        entry: Json = {"key": key, "value": base64.b64encode(value).decode(), "base64": True}
        if expiration is not None:
            entry["expiration"] = expiration
        if metadata is not None:
            entry["metadata"] = metadata
        await self.import_kv(namespace, [entry])

    async def import_kv(self, namespace: str, entries: Sequence[Json]) -> None:
        """Write many entries as Cloudflare's bulk API takes them, all or none."""
        await self._result("PUT", f"{KV}/{namespace}/bulk", list(entries))

    async def delete_kv(self, namespace: str, keys: Sequence[str]) -> None:
        """Remove entries."""
        await self._result("POST", f"{KV}/{namespace}/bulk/delete", list(keys))

    # ------------------------------------------------------------------ D1

    async def d1_databases(self) -> list[Json]:
        """All D1 databases: `[{uuid, name, file_size, num_tables}]`."""
        found: list[Json] = await self._result("GET", D1, params={"per_page": 1000})
        return found

    async def create_d1(self, name: str) -> Json:
        """Create a D1 database: `{uuid, name}`."""
        made: Json = await self._result("POST", D1, {"name": name})
        return made

    async def d1_query(self, database: str, sql: str, writes: bool = True) -> list[Json]:
        """Run SQL: `{results: {columns, rows}, meta}` a statement."""
        found: list[Json] = await self._result(
            "POST", f"{D1}/{_part(database)}/raw", {"sql": sql}, writes=writes
        )
        return found

    # ------------------------------------------------------------------ R2

    async def r2_buckets(self) -> list[Json]:
        """Buckets: `[{name, objects, size}]`, the first thousand."""
        found = await self._result("GET", R2)
        buckets: list[Json] = found["buckets"]
        return buckets

    async def create_r2(self, name: str) -> Json:
        """Create a bucket: `{name}`."""
        made: Json = await self._result("POST", R2, {"name": name})
        return made

    async def r2_objects(self, bucket: str, prefix: str = "", cursor: str = "") -> Page:
        """Objects and folders right behind a prefix."""
        params = {"prefix": prefix, "delimiter": "/", "per_page": "100", "cursor": cursor}
        asked = {key: value for key, value in params.items() if value}
        body = await self._connection.call("GET", f"{R2}/{_part(bucket)}/objects", params=asked)
        info = body["result_info"]
        return Page(body["result"], info.get("cursor") or "", info.get("delimited") or [])

    def r2_content(
        self, bucket: str, key: str, first: int | None = None
    ) -> AbstractAsyncContextManager[Content]:
        """An object's bytes, or its `first` ones."""
        headers = {} if first is None else {"range": f"bytes=0-{first - 1}"}
        return self._connection.content(_object(bucket, key), headers=headers)

    async def put_r2(self, bucket: str, key: str, chunks: AsyncIterator[bytes], content_type: str) -> Json:
        """Write an object from a stream."""
        made: Json = await self._result(
            "PUT", _object(bucket, key), content=chunks, headers={"content-type": content_type}, timeout=None
        )
        return made

    async def delete_r2(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove objects."""
        await self._result("DELETE", f"{R2}/{_part(bucket)}/objects", list(keys))

    # ------------------------------------------------------------------ Durable Objects

    async def object_namespaces(self) -> list[Json]:
        """Namespaces of Durable Objects: `[{id, script, environment, class}]`."""
        found: list[Json] = await self._result("GET", OBJECTS, params={"per_page": 1000})
        return found

    async def objects(self, namespace: str, cursor: str = "") -> Page:
        """Objects that have stored something: `{id, size, alarm}`."""
        return await self._page(f"{OBJECTS}/{namespace}/objects", cursor=cursor, limit="100")

    async def object_named(self, namespace: str, name: str) -> Json:
        """The id of a name: `{id, hasStoredData}`."""
        found: Json = await self._result("GET", f"{OBJECTS}/{namespace}/names/{_part(name)}")
        return found

    async def object(self, namespace: str, object_id: str) -> Json:
        """One object: `{id, size, alarm, tables}`."""
        found: Json = await self._result("GET", f"{OBJECTS}/{namespace}/objects/{object_id}")
        return found

    async def object_keys(self, namespace: str, object_id: str, prefix: str = "", cursor: str = "") -> Page:
        """What it stores by key: `{key, size, text, json}`."""
        path = f"{OBJECTS}/{namespace}/objects/{object_id}/keys"
        return await self._page(path, prefix=prefix, cursor=cursor, limit="100")

    async def put_object_key(self, namespace: str, object_id: str, key: str, value: Any) -> None:
        """Store a JSON value under a key."""
        path = f"{OBJECTS}/{namespace}/objects/{object_id}/keys/{_part(key)}"
        content = json.dumps(value, ensure_ascii=False).encode()  # None is a value, too
        await self._result("PUT", path, content=content, headers={"content-type": "application/json"})

    async def delete_object_key(self, namespace: str, object_id: str, key: str) -> None:
        """Remove a key."""
        await self._result("DELETE", f"{OBJECTS}/{namespace}/objects/{object_id}/keys/{_part(key)}")

    async def object_query(self, namespace: str, object_id: str, sql: str, writes: bool = True) -> list[Json]:
        """Run SQL in an object; the answer is that of `d1_query`."""
        path = f"{OBJECTS}/{namespace}/objects/{object_id}/query"
        found: list[Json] = await self._result("POST", path, {"sql": sql}, writes=writes)
        return found

    async def set_alarm(self, namespace: str, object_id: str, at: int | None) -> None:
        """Set an object's alarm (milliseconds of the epoch), or with None take it away."""
        path = f"{OBJECTS}/{namespace}/objects/{object_id}/alarm"
        if at is None:
            await self._result("DELETE", path)
        else:
            await self._result("PUT", path, {"at": at})

    # ------------------------------------------------------------------ queues

    async def queues(self) -> list[Json]:
        """Queues: `[{queue_id, queue_name, …}]`; none where the engine has no queues."""
        try:
            found: list[Json] = await self._result("GET", QUEUES, params={"per_page": 1000})
        except EngineError as error:
            if error.code == NO_ROUTE:
                return []
            raise
        return found

    async def queue(self, queue: str) -> Json:
        """One queue: `{queue_id, queue_name, backlog: {messages, bytes, …}}`."""
        found: Json = await self._result("GET", f"{QUEUES}/{queue}")
        return found

    async def queue_messages(self, queue: str) -> list[Json]:
        """The oldest messages, which stay where they are: `{id, body, timestamp_ms, attempts, metadata}`."""
        found = await self._result("GET", f"{QUEUES}/{queue}/messages", params={"limit": 100})
        messages: list[Json] = found["messages"] if isinstance(found, dict) else found
        return messages

    async def purge_queue(self, queue: str) -> None:
        """Remove all messages of a queue."""
        await self._result("POST", f"{QUEUES}/{queue}/purge", {"delete_messages_permanently": True})

    # ------------------------------------------------------------------ workflows

    async def workflows(self) -> list[Json]:
        """Workflows: `[{name, class_name, script_name, instances: {status: count}}]`; none without them."""
        try:
            found: list[Json] = await self._result("GET", WORKFLOWS, params={"per_page": 100})
        except EngineError as error:
            if error.code == NO_ROUTE:
                return []
            raise
        return found

    async def workflow(self, workflow: str) -> Json:
        """One workflow, as `workflows` lists it."""
        found: Json = await self._result("GET", f"{WORKFLOWS}/{_part(workflow)}")
        return found

    async def workflow_instances(self, workflow: str, cursor: str = "") -> Page:
        """Instances, newest first: `{id, status, created_on, started_on, ended_on}`."""
        return await self._page(f"{WORKFLOWS}/{_part(workflow)}/instances", cursor=cursor)

    async def workflow_instance(self, workflow: str, instance: str) -> Json:
        """One instance: `{status, params, output, error, start, end, steps}`."""
        path = f"{WORKFLOWS}/{_part(workflow)}/instances/{_part(instance)}"
        found: Json = await self._result("GET", path)
        return found

    async def delete_workflow_instance(self, workflow: str, instance: str) -> None:
        """End an instance if it runs, and forget it."""
        await self._result("DELETE", f"{WORKFLOWS}/{_part(workflow)}/instances/{_part(instance)}")

    # ------------------------------------------------------------------ parts

    async def _page(self, path: str, **params: str) -> Page:
        asked: Mapping[str, str] = {key: value for key, value in params.items() if value}
        body = await self._connection.call("GET", path, params=asked)
        return Page(body["result"], (body.get("result_info") or {}).get("cursor") or "")


def _part(name: str) -> str:
    return quote(name, safe="")


def _object(bucket: str, key: str) -> str:
    return f"{R2}/{_part(bucket)}/objects/{_part(key)}"
