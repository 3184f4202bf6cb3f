"""The change feed: `GET changes?since=SEQ`, one JSON object a line, which ends only with the engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from engine.api.call import ACCOUNT, Call, resource
from engine.api.envelope import dumps, whole_number
from engine.model import Change

#: Seconds of silence after which an empty line says that the feed is alive.
KEEP_ALIVE = 15.0
#: Changes read from the store at a time.
PAGE = 500
#: Changes a reader may be behind before the feed ends; it comes back with `since` and misses nothing.
BEHIND = 10_000


async def feed(call: Call) -> Response:
    """What changes in the account, as it happens; with `since` also what happened after it."""
    since: int | None = None
    if call.query.get("since"):
        since = whole_number(call.query, "since", 0, least=0)
    return StreamingResponse(_lines(call, since), media_type="application/x-ndjson")


async def _lines(call: Call, since: int | None) -> AsyncIterator[bytes]:
    """Subscribes first and reads the past second, so that nothing falls between; repeats are left out."""
    queue: asyncio.Queue[Change | None] = asyncio.Queue(BEHIND)

    def listen(change: Change) -> None:
        if queue.full():
            unsubscribe()
        else:
            queue.put_nowait(change)

    unsubscribe = call.store.subscribe(listen)
    stopping = asyncio.ensure_future(call.engine.stopping.wait())
    try:
        yield b"\n"  # the head goes out at once: the reader knows that it is subscribed
        seen = await call.store.last_change() if since is None else since
        while since is not None:
            past = await call.store.changes_since(seen, PAGE)
            for change in past:
                yield dumps(change.to_json()) + b"\n"
                seen = change.seq
            if len(past) < PAGE:
                break
        while not stopping.done():
            waiting = asyncio.ensure_future(queue.get())
            await asyncio.wait({waiting, stopping}, timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                yield b"\n"
                continue
            found = waiting.result()
            if found is not None and found.seq > seen:
                seen = found.seq
                yield dumps(found.to_json()) + b"\n"
    finally:
        unsubscribe()
        stopping.cancel()


ROUTES = [resource(ACCOUNT + "/changes", get=feed)]
