"""What one invocation may have under way, how long it may go on, and what its end leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
import pytest_asyncio
from workerkit import Lab, lab, request

from engine.runtime.channel import WAITED_TOO_LONG
from engine.runtime.errors import Canceled
from engine.runtime.http import read
from engine.runtime.invocation import CONNECTIONS, SUBREQUESTS
from engine.runtime.limits import Limits

pytestmark = pytest.mark.asyncio(loop_scope="module")

FETCHES = """
export default {
  async fetch(request) {
    const { origin, count, path } = await request.json();
    const ask = () => fetch(`${origin}${path}`).then((answer) => answer.text(), String);
    const asked = Array.from({ length: count }, ask);
    return Response.json(await Promise.all(asked));
  },
};
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0, isolates_per_worker=1) as made:
        yield made


class Origin:
    """Answers requests in sixes, so that who has fewer under way would wait for ever."""

    def __init__(self) -> None:
        self.waiting = 0
        self.most = 0
        self._full = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if head.startswith("GET /again"):
            writer.write(
                b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
        else:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            if self.waiting == CONNECTIONS:
                self._full.set()
                self._full = asyncio.Event()
            else:
                await self._full.wait()
            await asyncio.sleep(0)
            self.waiting -= 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()


@asynccontextmanager
async def origin() -> AsyncIterator[tuple[Origin, str]]:
    made = Origin()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    async with server:
        yield made, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_six_connections_at_a_time(bench: Lab) -> None:
    worker = await bench.worker(FETCHES)
    async with origin() as (made, address):
        sent = orjson.dumps({"origin": address, "count": 3 * CONNECTIONS, "path": "/"})
        answers = await asyncio.wait_for(bench.text(worker, "/", "POST", body=sent), 60)
    assert orjson.loads(answers) == ["ok"] * 3 * CONNECTIONS
    assert made.most == CONNECTIONS


async def test_each_redirect_is_a_subrequest(bench: Lab) -> None:
    worker = await bench.worker(FETCHES)
    invocation = bench.invocation()
    invocation.subrequests = SUBREQUESTS - 3
    async with origin() as (_, address):
        sent = orjson.dumps({"origin": address, "count": 1, "path": "/again"})
        answer = await worker.fetch(request("/", "POST", body=sent), invocation)
        assert orjson.loads(await read(answer.body)) == ["Error: Too many subrequests."]


async def test_wait_until_ends_in_time(bench: Lab) -> None:
    source = """
        export default {
          fetch(request, env, ctx) {
            ctx.waitUntil(scheduler.wait(60_000).then(() => console.log("late")));
            setInterval(() => console.log("late"), 40);
            return new Response("early");
          },
        };"""
    worker = await bench.worker(source, limits=Limits(wait_until_ms=20))
    bench.lines.clear()
    invocation = bench.invocation()
    assert (await worker.fetch(request(), invocation)).body == b"early"
    await asyncio.wait_for(invocation.closed(), 10)
    assert (invocation.outcome, bench.said) == ("ok", [WAITED_TOO_LONG])
    # What it had under way is no more: the next event would be told of it.
    await bench.text(worker)
    await asyncio.sleep(0.05)
    assert "late" not in bench.said


async def test_a_client_that_goes_cancels_the_response(bench: Lab) -> None:
    worker = await bench.worker("""
        export default {
          fetch(request) {
            request.signal.addEventListener("abort", () => console.log("aborted"));
            return new Response(new ReadableStream({
              pull: (controller) => scheduler.wait(1).then(() => controller.enqueue(new Uint8Array(1))),
              cancel: () => console.log("cancelled"),
            }));
          },
        };""")
    bench.lines.clear()
    invocation = bench.invocation()
    answer = await worker.fetch(request(), invocation)
    assert await anext(aiter(answer.body)) == b"\0"
    invocation.cancel()
    with pytest.raises(Canceled):
        await read(answer.body)
    await asyncio.wait_for(invocation.closed(), 10)
    assert sorted(bench.said) == ["aborted", "cancelled"]


async def test_one_that_waits_for_nothing_ends(bench: Lab) -> None:
    """What waitUntil was given never settles, and nothing is under way that it could wait for."""
    worker = await bench.worker("""
        export default {
          fetch(request, env, ctx) {
            ctx.waitUntil(new Promise(() => {}));
            return new Response("early");
          },
        };""")
    invocation = bench.invocation()
    assert (await worker.fetch(request(), invocation)).body == b"early"
    await asyncio.wait_for(invocation.closed(), 10)
    assert invocation.outcome == "ok"
