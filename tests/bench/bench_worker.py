"""Microseconds a request through ``Worker.fetch``, without HTTP: ``python -m tests.bench.bench_worker``."""

from __future__ import annotations

import asyncio
import time

from engine.model import Module
from engine.runtime.compile import Compiler
from engine.runtime.http import Request
from engine.runtime.invocation import Invocation
from engine.runtime.limits import resident_bytes
from engine.runtime.pool import Runtime

REQUESTS = 12_000
HEADERS = [
    ("host", "hello.dev.localhost"),
    ("user-agent", "bench/1"),
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate"),
]
HANDLERS = {
    "hello": 'export default { fetch() { return new Response("Hello World!"); } };',
    "async": """export default { async fetch(request) {
        return Response.json({ method: request.method, accept: request.headers.get("accept") });
    } };""",
}


async def measure(runtime: Runtime, compiler: Compiler, name: str, source: str) -> None:
    """Print the cost of one handler at 1, 16 and 64 requests in flight."""
    program = await compiler.compile([Module("worker.js", "esm", source.encode())], "worker.js")
    began = time.perf_counter()
    worker = runtime.worker(program)
    await worker.fetch(Request("GET", "http://hello.dev.localhost/", HEADERS), Invocation())
    print(f"{name}: first request {(time.perf_counter() - began) * 1e3:.1f} ms")

    async def client(count: int) -> None:
        for _ in range(count):
            await worker.fetch(Request("GET", "http://hello.dev.localhost/a", HEADERS), Invocation())

    await client(500)
    for flight in (1, 16, 64):
        began, used = time.perf_counter(), time.thread_time()
        await asyncio.gather(*(client(REQUESTS // flight) for _ in range(flight)))
        wall, python = time.perf_counter() - began, time.thread_time() - used
        print(
            f"{name}: {flight:3} in flight: {wall / REQUESTS * 1e6:6.1f} us a request, "
            f"{python / REQUESTS * 1e6:6.1f} us of it on the event loop's thread"
        )
    await worker.close()


async def main() -> None:
    """Run all."""
    runtime, compiler = Runtime(), Compiler()
    await runtime.warm()
    for name, source in HANDLERS.items():
        await measure(runtime, compiler, name, source)
    before = resident_bytes()
    isolates = [await runtime.acquire(128) for _ in range(20)]
    began = time.perf_counter()
    for _ in range(10):
        isolates.append(await runtime._boot())
    took, grown = (time.perf_counter() - began) / 10, (resident_bytes() - before) / 30
    print(f"boot: {took * 1e3:.1f} ms, {grown / 1e6:.2f} MB each")
    for isolate in isolates:
        await asyncio.to_thread(isolate.close)
    await runtime.close()
    await compiler.close()


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(main())
    else:
        uvloop.run(main())
