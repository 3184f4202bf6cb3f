"""What a worker uses too much of ends that worker's isolate, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from workerkit import Lab, lab

from engine.runtime.errors import (
    CpuLimitExceeded,
    MemoryLimitExceeded,
    ScriptException,
    StartupError,
    WorkerError,
)
from engine.runtime.limits import Limits

# A stalled machine counts its stall as processor time: a first answer took 240 ms of it.
SHORT = Limits(cpu_ms=600, startup_ms=800)


@pytest.fixture
async def bench() -> AsyncIterator[Lab]:
    async with lab() as made:
        yield made


SPIN = """
    export default { async fetch(request, env, ctx) {
      const path = new URL(request.url).pathname;
      if (path === "/task") { console.log("before"); while (true) {} }
      if (path === "/microtask") { await null; while (true) {} }
      if (path === "/chain") {
        (function again() { Promise.resolve().then(again); })();
        await new Promise(() => {});
      }
      if (path === "/timer") { setTimeout(() => { while (true) {} }, 1); await scheduler.wait(10000); }
      if (path === "/regexp") /(a+)+$/.test("a".repeat(40) + "b");
      if (path === "/wait") await scheduler.wait(400);
      return new Response("fine");
    } };"""


@pytest.mark.parametrize("path", ["/task", "/microtask", "/chain", "/timer", "/regexp"])
async def test_a_loop_without_end_is_ended(bench: Lab, path: str) -> None:
    worker = await bench.worker(SPIN, limits=SHORT)
    assert await bench.text(worker) == "fine"
    with pytest.raises(CpuLimitExceeded) as raised:
        await asyncio.wait_for(bench.fetch(worker, path), 30)
    assert (raised.value.code, raised.value.outcome) == (1102, "exceededCpu")
    assert await bench.text(worker) == "fine"
    if path == "/task":
        assert bench.said == ["before"]


async def test_requests_that_were_not_begun_are_answered_elsewhere() -> None:
    async with lab(isolates_per_worker=1) as bench:
        worker = await bench.worker(SPIN, limits=SHORT)
        assert await bench.text(worker) == "fine"
        spinning = asyncio.ensure_future(bench.fetch(worker, "/task"))
        await asyncio.sleep(0.02)
        waiting = [asyncio.ensure_future(bench.text(worker)) for _ in range(20)]
        with pytest.raises(CpuLimitExceeded):
            await spinning
        assert await asyncio.wait_for(asyncio.gather(*waiting), 30) == ["fine"] * 20


async def test_a_request_that_waits_uses_no_processor(bench: Lab) -> None:
    worker = await bench.worker(SPIN, limits=SHORT)
    assert await bench.text(worker, "/wait") == "fine"


async def test_a_global_scope_without_end_is_ended(bench: Lab) -> None:
    worker = await bench.worker("while (true) {} export default {};", limits=SHORT)
    with pytest.raises(CpuLimitExceeded):
        await asyncio.wait_for(worker.describe(), 30)


async def test_top_level_await_that_never_settles_is_a_startup_error(bench: Lab) -> None:
    worker = await bench.worker("await new Promise(() => {}); export default {};")
    with pytest.raises(StartupError, match="never settles"):
        await asyncio.wait_for(worker.describe(), 30)


GROW = """
    const kept = [];
    export default { async fetch(request) {
      const path = new URL(request.url).pathname;
      if (path === "/heap") for (;;) kept.push({ text: "x".repeat(10) + kept.length, more: [1, 2, 3] });
      if (path === "/microtask") { await null; for (;;) kept.push({ text: "x".repeat(10) + kept.length }); }
      while (path === "/buffers") {
        kept.push(new Uint8Array(4 << 20).fill(1));
        await scheduler.wait(1);
      }
      return new Response("fine");
    } };"""


@pytest.mark.parametrize("path", ["/heap", "/microtask", "/buffers"])
async def test_memory_beyond_the_limit_ends_the_isolate(bench: Lab, path: str) -> None:
    worker = await bench.worker(GROW, limits=Limits(memory_mb=32))
    assert await bench.text(worker) == "fine"
    with pytest.raises(MemoryLimitExceeded) as raised:
        await asyncio.wait_for(bench.fetch(worker, path), 30)
    assert (raised.value.code, raised.value.outcome) == (1102, "exceededMemory")
    assert await bench.text(worker) == "fine"


async def test_endless_recursion_is_the_scripts_own_error(bench: Lab) -> None:
    worker = await bench.worker("""
        function deeper(n) { return [deeper(n + 1)]; }
        export default { fetch(request) {
          if (request.url.endsWith("/thrown")) return deeper(0);
          try {
            return deeper(0);
          } catch (error) {
            return new Response(error.name);
          }
        } };""")
    with pytest.raises(ScriptException, match="Maximum call stack size exceeded") as raised:
        await bench.fetch(worker, "/thrown")
    assert raised.value.name == "RangeError"
    assert await bench.text(worker, "/caught") == "RangeError"


async def test_one_worker_that_spins_does_not_stop_another(bench: Lab) -> None:
    spinning = await bench.worker(SPIN, limits=Limits(cpu_ms=1500))
    other = await bench.worker(SPIN)
    await bench.text(other)
    stuck = asyncio.ensure_future(bench.fetch(spinning, "/task"))
    await asyncio.sleep(0.05)
    assert await bench.text(other) == "fine"
    assert not stuck.done()
    with pytest.raises(WorkerError):
        await stuck
