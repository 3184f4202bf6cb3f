"""Bodies that a script passes on unread: they go from host to host, past its isolate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
from workerkit import Lab, lab, request

from engine.bindings.binding import Binding, BindingError, Result
from engine.runtime.errors import Canceled, ScriptException
from engine.runtime.http import Body, read
from engine.runtime.invocation import Invocation
from engine.runtime.worker import Worker

CODE = """export default { async fetch(request, env, ctx) {
  const verb = new URL(request.url).pathname.slice(1);
  if (verb === "up") return (await env.SOURCE.fetch("http://x/take", { method: "PUT", body: request.body }));
  const answer = await env.SOURCE.fetch(`http://x/${verb}`);
  if (verb === "peeked") {
    const reader = answer.body.getReader();
    const first = await reader.read();
    let size = first.value.length;
    for (let next; !(next = await reader.read()).done;) size += next.value.length;
    return new Response(`${first.value.length} ${size}`);
  }
  if (verb === "later") ctx.waitUntil(scheduler.wait(30).then(() => console.log("waited")));
  return verb === "again" ? new Response(answer.body, { headers: { again: "yes" } }) : answer;
} }"""


class Source(Binding):
    """Answers as a service binding does, with 20 chunks of 100 KB; takes what is put."""

    type: ClassVar[str] = "service"

    def __init__(self) -> None:
        super().__init__("SOURCE")
        self.given = 0
        self.closed = 0
        self.taken = b""
        self.waits = asyncio.Event()

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        value = {"status": 200, "statusText": "", "headers": [], "url": args[0]["url"], "redirected": False}
        if args[0]["url"].endswith("/take"):
            self.taken = await read(body)
            return Result(value, b"taken")
        return Result(value, self._chunks(args[0]["url"].rpartition("/")[2]))

    async def _chunks(self, verb: str) -> AsyncIterator[bytes]:
        try:
            for number in range(20):
                if number == 10 and verb == "breaks":
                    raise BindingError("The source broke.")
                if number == 10 and verb == "stays":
                    self.waits.set()
                    await asyncio.Event().wait()
                self.given += 1
                yield bytes([number]) * 100_000
        finally:
            self.closed += 1


WHOLE = b"".join(bytes([number]) * 100_000 for number in range(20))


@pytest.fixture
async def made() -> AsyncIterator[Lab]:
    async with lab() as found:
        yield found


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def worker(made: Lab, source: Source) -> Worker:
    return await made.worker(CODE, bindings=[source])


async def test_the_isolate_is_not_needed_any_more(made: Lab, worker: Worker, source: Source) -> None:
    for path in ("/plain", "/again"):
        run = made.invocation()
        async with asyncio.timeout(10):
            response = await worker.fetch(request(path), run)
            assert source.given == 0  # nothing is read before somebody wants it
            for channel in list(worker.channels):
                channel.close()
            assert run.open  # until the body has ended
            assert await read(response.body) == WHOLE
            await run.closed()
        assert run.outcome == "ok"
        source.given = 0
    assert source.closed == 2


async def test_read_by_the_script_it_goes_through(made: Lab, worker: Worker) -> None:
    assert await made.text(worker, "/peeked") == "65536 2000000"


async def test_what_the_script_waits_for_goes_on(made: Lab, worker: Worker) -> None:
    run = made.invocation()
    response = await worker.fetch(request("/later"), run)
    assert await read(response.body) == WHOLE
    await run.closed()
    assert made.said == ["waited"]


async def test_one_that_breaks(made: Lab, worker: Worker, source: Source) -> None:
    run = made.invocation()
    response = await worker.fetch(request("/breaks"), run)
    with pytest.raises(ScriptException, match="The source broke"):
        await read(response.body)
    await run.closed()
    assert run.outcome == "exception"
    assert [error.message for error in made.errors] == ["The source broke."]


async def test_a_client_that_leaves(made: Lab, worker: Worker, source: Source) -> None:
    run = made.invocation()
    response = await worker.fetch(request("/stays"), run)
    reading = asyncio.create_task(read(response.body))
    async with asyncio.timeout(10):
        await source.waits.wait()
        run.cancel()
        with pytest.raises(Canceled):
            await reading
        await run.closed()
    assert source.closed == 1


async def test_one_that_nobody_reads(made: Lab, worker: Worker, source: Source) -> None:
    run = made.invocation()
    response = await worker.fetch(request("/plain"), run)
    close: Any = response.body
    await close.aclose()
    await run.closed()
    assert source.given == 0
    assert not run.open


async def test_uploads_too(made: Lab, worker: Worker, source: Source) -> None:
    async def sent() -> AsyncIterator[bytes]:
        for number in range(20):
            yield bytes([number]) * 100_000

    assert await made.text(worker, "/up", method="POST", body=sent()) == "taken"
    assert source.taken == WHOLE
