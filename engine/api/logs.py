"""Logs of an environment or a service: what was kept, page by page, and new records as they come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from starlette.responses import Response, StreamingResponse

from engine.api.call import SERVICE, Call, resource, worker_resource
from engine.api.envelope import dumps, success, whole_number
from engine.logs.logs import EVERY, KEPT
from engine.logs.query import Query, read
from engine.logs.record import Record
from engine.store import Connection, environments, services
from engine.tokens.token import READ

#: Seconds of silence after which an empty line says that the stream is alive.
KEEP_ALIVE = 15.0
#: Records a reader may be behind; what comes beyond is left out, and how many are is told.
BEHIND = 4000
#: Records that are sent in one piece.
PIECE = 200


async def listing(call: Call) -> Response:
    """`GET …/logs?since=SEQ&before=SEQ&limit=N`: the newest records, oldest first, that pass the filters.

    `since` is the `seq` of the last record known. `result_info.before` is what to give as `before` for the
    page before this one; null at the beginning of what is kept. Numbers rise, also over a restart. The path
    of a service has the records of all of its environments.
    """
    keys = await _keys(call)
    since = whole_number(call.query, "since", 0, least=0)
    before = whole_number(call.query, "before", 0, least=0) or None
    limit = whole_number(call.query, "limit", 100, least=1, most=KEPT)
    query = read(call.query)
    found, more = await call.engine.logs.find(keys, query, limit, since, before)
    keeper = call.engine.logs.keeper
    info = {
        "count": len(found),
        "last": found[-1]["seq"] if found else since,
        "before": more,
        "left_out": keeper.left_out if keeper is not None else 0,
    }
    return success(found, info=info)


async def forget(call: Call) -> Response:
    """`DELETE …/logs`: forget what an environment has said so far, in memory and on the disk."""
    for key in await _keys(call):
        await call.engine.logs.forget(key)
    return success(None)


async def stream(call: Call) -> Response:
    """`GET …/logs/stream`: new records that pass the filters, one JSON object a line; it never ends.

    With `gaps=true` an object `{"left_out": N}` says that N records came faster than they were read.
    """
    await _keys(call)
    environment = EVERY if _is_whole(call) else call.environment
    lines = _lines(call, call.service, environment, read(call.query), call.flag("gaps"))
    return StreamingResponse(lines, media_type="application/x-ndjson")


async def _lines(
    call: Call, service: str, environment: str, query: Query, gaps: bool
) -> AsyncIterator[bytes]:
    waiting: deque[Record] = deque()
    some = asyncio.Event()
    left_out = 0

    def listen(record: Record) -> None:
        nonlocal left_out
        if query.passes(record):
            if len(waiting) < BEHIND:
                waiting.append(record)
            else:
                left_out += 1
            some.set()

    stop = call.engine.logs.listen(service, environment, listen)
    stopping = asyncio.ensure_future(call.engine.stopping.wait())
    try:
        yield b"\n"  # the head goes out at once: the reader knows that it is subscribed
        while not stopping.done():
            if not waiting:
                some.clear()
                coming = asyncio.ensure_future(some.wait())
                await asyncio.wait(
                    {coming, stopping}, timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED
                )
                coming.cancel()
            piece = [dumps(waiting.popleft().told()) for _ in range(min(PIECE, len(waiting)))]
            if left_out and gaps:
                piece.append(dumps({"left_out": left_out}))
            left_out = 0
            yield b"\n".join([*piece, b""]) if piece else b"\n"
            await asyncio.sleep(0)  # requests come first
    finally:
        stop()
        stopping.cancel()


async def _keys(call: Call) -> Sequence[tuple[str, str]]:
    """Service and name of the environments that the path means; raises ApiError 10007, 10092 or 9109."""
    if _is_whole(call):
        call.require(READ, call.service)  # of every environment, not of some

    def work(connection: Connection) -> list[tuple[str, str]]:
        if not _is_whole(call):
            return [(call.service, environments.get(connection, call.service, call.environment).name)]
        services.get(connection, call.service)
        return [(call.service, each.name) for each in environments.of_service(connection, call.service)]

    return await call.store.read(work)


def _is_whole(call: Call) -> bool:
    """Whether a service was asked about: the path of `scripts/:n` means its production."""
    return call.request.url.path.rpartition("/logs")[0].endswith(f"/services/{call.service}")


ROUTES = [
    *worker_resource("/logs", get=listing, delete=forget),
    *worker_resource("/logs/stream", get=stream),
    resource(SERVICE + "/logs", get=listing),
    resource(SERVICE + "/logs/stream", get=stream),
]
