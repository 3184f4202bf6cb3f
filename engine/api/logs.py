"""Logs of an environment: the newest records, and new ones as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from engine.api.call import Call, worker_resource
from engine.api.envelope import dumps, loads, success, whole_number
from engine.errors import ApiError
from engine.logs.filters import Filter, parse
from engine.logs.logs import KEPT
from engine.logs.record import Record
from engine.store import environments

#: Seconds of silence after which an empty line says that the stream is alive.
KEEP_ALIVE = 15.0
#: Records a reader may be behind; what comes beyond is left out.
BEHIND = 1000


async def listing(call: Call) -> Response:
    """`GET …/logs?since=SEQ&limit=N`: the newest records, oldest first, that pass the filters.

    `since` is the `seq` of the last record known; numbers rise, and begin anew with the engine.
    """
    await _check(call)
    since = whole_number(call.query, "since", 0, least=0)
    limit = whole_number(call.query, "limit", 100, least=1, most=KEPT)
    passes = _filter(call)
    found = call.engine.logs.newest(call.service, call.environment, KEPT, since)
    records = [record for record in found if passes(record)][-limit:]
    info = {"count": len(records), "last": found[-1].seq if found else since}
    return success([record.told() for record in records], info=info)


async def stream(call: Call) -> Response:
    """`GET …/logs/stream`: new records that pass the filters, one JSON object a line; it never ends."""
    await _check(call)
    return StreamingResponse(_lines(call, _filter(call)), media_type="application/x-ndjson")


async def _lines(call: Call, passes: Filter) -> AsyncIterator[bytes]:
    queue: asyncio.Queue[Record] = asyncio.Queue(BEHIND)

    def listen(record: Record) -> None:
        if passes(record) and not queue.full():
            queue.put_nowait(record)

    stop = call.engine.logs.listen(call.service, call.environment, listen)
    stopping = asyncio.ensure_future(call.engine.stopping.wait())
    try:
        yield b"\n"  # the head goes out at once: the reader knows that it is subscribed
        while not stopping.done():
            waiting = asyncio.ensure_future(queue.get())
            await asyncio.wait({waiting, stopping}, timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                yield dumps(waiting.result().told()) + b"\n"
            else:
                waiting.cancel()
                yield b"\n"
    finally:
        stop()
        stopping.cancel()


def _filter(call: Call) -> Filter:
    """The filters of the query: `filters` is JSON as `POST …/tails` takes it; the others are short forms."""
    query = call.query
    filters: list[Any] = []
    if query.get("filters"):
        given = loads(query["filters"].encode(), "filters")
        if not isinstance(given, list):
            raise ApiError(10026, 'filters is a JSON list, for example [{"outcome":["exception"]}]')
        filters += given
    for name in ("outcome", "method"):
        if query.get(name):
            filters.append({name: query[name].split(",")})
    if query.get("search"):
        filters.append({"query": query["search"]})
    if query.get("version"):
        filters.append({"scriptVersion": query["version"]})
    if query.get("ray"):
        filters.append({"ray": query["ray"]})
    if query.get("sampling_rate"):
        filters.append({"sampling_rate": _rate(query["sampling_rate"])})
    return parse(filters)


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ApiError(10001, f"sampling_rate must be a number, not {text[:40]!r}.") from None


async def _check(call: Call) -> None:
    await call.store.read(lambda connection: environments.get(connection, call.service, call.environment))


ROUTES = [
    *worker_resource("/logs", get=listing),
    *worker_resource("/logs/stream", get=stream),
]
