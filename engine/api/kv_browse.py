"""A KV namespace as a tree, for looking around in it. Ours: Cloudflare's API lists keys only."""

from __future__ import annotations

from starlette.responses import Response

from engine.api.call import Call, resource
from engine.api.envelope import success, whole_number
from engine.api.kv_namespaces import NAMESPACE
from engine.store import kv_browse

#: What ends the name of a group, unless the caller says otherwise.
DELIMITERS = ":/"


async def prefixes(call: Call) -> Response:
    """`GET prefixes?prefix&delimiters&limit&cursor`: `[{name, keys, more, folder}]`."""
    limit = whole_number(call.query, "limit", 100, least=1, most=1000)
    found = await call.store.read(
        lambda connection: kv_browse.groups(
            connection,
            call.params["namespace"],
            prefix=call.query.get("prefix", ""),
            delimiters=set(call.query.get("delimiters") or DELIMITERS),
            limit=limit,
            cursor=call.query.get("cursor", ""),
        )
    )
    shown = [
        {"name": each.name, "keys": each.keys, "more": each.more, "folder": each.folder}
        for each in found.groups
    ]
    return success(shown, info={"count": len(shown), "cursor": found.cursor})


async def entries(call: Call) -> Response:
    """`GET entries?prefix&limit&cursor`: as `keys`, with `size` in bytes."""
    limit = whole_number(call.query, "limit", 100, least=1, most=1000)
    shown, cursor = await call.store.read(
        lambda connection: kv_browse.entries(
            connection,
            call.params["namespace"],
            prefix=call.query.get("prefix", ""),
            limit=limit,
            cursor=call.query.get("cursor", ""),
        )
    )
    return success(shown, info={"count": len(shown), "cursor": cursor})


ROUTES = [
    resource(NAMESPACE + "/prefixes", get=prefixes),
    resource(NAMESPACE + "/entries", get=entries),
]
