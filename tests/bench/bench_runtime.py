"""The runtime beside real workerd (npm), on one machine in one run: read the ratios.

    python tests/bench/bench_runtime.py [--rounds 7] [--workerd PROGRAM]

workerd is taken from $WORKERD, or from the wrangler that bench_http.py keeps in the user's cache folder where
Node and npm are present; without it only ours is printed. Both answer HTTP with the same module.
Then what only ours has: the boot of an isolate, its memory, a first request of Hono's, and compiling.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import uvloop
from engine_process import engine, machine
from load import load
from wrangler_dev import free_port, wrangler_folder

from engine.model import Module
from engine.runtime.compile import Compiler
from engine.runtime.http import Request, read
from engine.runtime.invocation import Invocation
from engine.runtime.limits import resident_bytes
from engine.runtime.pool import Runtime
from tui.client import Engine as Client

MB = 1 << 20
CODE = """
const chunk = new Uint8Array(65536).fill(97), megabyte = new Uint8Array(1 << 20).fill(98);
const actions = {
  "/": () => new Response("Hello World!"),
  "/stream"() {
    let left = 1600;
    const source = new ReadableStream({ pull(controller) {
      if (left-- > 0) controller.enqueue(chunk); else controller.close();
    } });
    const through = new TransformStream({ transform(part, out) { out.enqueue(part); } });
    return new Response(source.pipeThrough(through));
  },
  "/echo": async (request) => Response.json(await request.json()),
  "/urls"() {
    let length = 0;
    for (let i = 0; i < 1000; i++) length += new URL(`https://example.com:81/a/b/${i}?q=${i}&r=x#top`).href.length;
    return new Response(`${length}`);
  },
  "/urls-to-change"() {
    let length = 0;
    for (let i = 0; i < 1000; i++) length += new URL(`https://user@example.com:81/a/b/../${i}?q=${i}&r=x#top`).href.length;
    return new Response(`${length}`);
  },
  "/sha": async () => new Response(`${(await crypto.subtle.digest("SHA-256", megabyte)).byteLength}`),
};
export default { fetch: (request) => actions[new URL(request.url).pathname](request) };
"""
#: An array of 1 MB as JSON.
DOCUMENT = (
    b'{"rows":[' + b",".join(b'{"id":%d,"name":"row %d","ok":true}' % (i, i) for i in range(27000)) + b"]}"
)
CASES: dict[str, tuple[str, str, bytes | None]] = {
    "100 MB through a TransformStream": ("GET", "/stream", None),
    "1 MB JSON, parsed and written": ("POST", "/echo", DOCUMENT),
    "1,000 URLs parsed": ("GET", "/urls", None),
    "1,000 URLs with something to change": ("GET", "/urls-to-change", None),
    "SHA-256 of 1 MB": ("GET", "/sha", None),
    "hello, one at a time": ("GET", "/", None),
}
CONFIG = """using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")], compatibilityDate = "2026-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:PORT", http = (), service = "main")]);
"""


def find_workerd() -> Path | None:
    """Its program, or None."""
    named = os.environ.get("WORKERD")
    if named:
        return Path(named)
    folder = wrangler_folder()
    found = [] if folder is None else list(folder.glob("node_modules/@cloudflare/workerd-*/bin/workerd"))
    return found[0] if found else None


@contextmanager
def workerd(program: Path) -> Iterator[int]:
    """workerd with the worker; yields its port."""
    with tempfile.TemporaryDirectory(prefix="svc-bench-") as name:
        folder, port = Path(name), free_port()
        (folder / "worker.js").write_text(CODE)
        (folder / "config.capnp").write_text(CONFIG.replace("PORT", str(port)))
        process = subprocess.Popen([str(program), "serve", str(folder / "config.capnp")])
        try:
            end = time.monotonic() + 30
            while True:
                try:
                    ask(port, "localhost", "GET", "/", None)
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > end:
                        raise
                    time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def ask(port: int, host: str, method: str, path: str, body: bytes | None) -> float:
    """Milliseconds of one request, to the end of its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.connect()
        began = time.perf_counter()
        headers = {"host": host} | ({"content-type": "application/json"} if body else {})
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        while response.read(MB):
            pass
        if response.status != 200:
            raise RuntimeError(f"{host}{path} answered {response.status}")
        return (time.perf_counter() - began) * 1000
    finally:
        connection.close()


def line(name: str, found: Mapping[str, float], unit: str, best: str = "less") -> None:
    """Print a row with the ratio: over 1 is better than workerd."""
    text = "   ".join(f"{who} {value:9,.1f} {unit}" for who, value in found.items())
    ours, other = found["svc-tui"], found.get("workerd")
    ratio = "" if not other else f"   {(ours / other if best == 'more' else other / ours):.2f} × workerd"
    print(f"{name:37}{text}{ratio}", flush=True)


def requests(sides: Mapping[str, tuple[int, str]], rounds: int) -> None:
    """Each case in turns."""
    for name, (method, path, body) in CASES.items():
        found: dict[str, list[float]] = {who: [] for who in sides}
        for turn in range(rounds + 2):
            for who, (port, host) in sides.items():
                took = ask(port, host, method, path, body)
                if turn >= 2:  # both compile what is hot first
                    found[who].append(took)
        line(name, {who: statistics.median(times) for who, times in found.items()}, "ms")
    rates: dict[str, list[float]] = {who: [] for who in sides}
    for _ in range(3):
        for who, (port, host) in sides.items():
            rates[who].append(uvloop.run(load(port, host, 64, 2.0)).rate)
    line("hello at 64 connections", {who: statistics.median(r) for who, r in rates.items()}, "/s", "more")


def bundles() -> dict[str, bytes]:
    """Bundles of the libraries that tests/libraries has installed, if it has: by name."""
    cache = Path(platformdirs.user_cache_dir("svc-tui"))
    for folder in sorted(cache.glob("libraries-*/node_modules"), key=lambda path: path.stat().st_mtime):
        found = {}
        wanted = {
            "hono": "import { Hono } from 'hono'; const app = new Hono(); app.get('/', (c) => c.text('hi'));"
            "export default app;",
            "big": "export * as stripe from 'stripe'; export * as graphql from 'graphql';"
            "export default { fetch: () => new Response('hi') };",
        }
        options = ["--bundle", "--format=esm", "--conditions=workerd", "--external:node:*"]
        for name, source in wanted.items():
            command = [str(folder / ".bin" / "esbuild"), *options]
            done = subprocess.run(
                command, input=source.encode(), cwd=folder.parent, capture_output=True, check=True
            )
            found[name] = done.stdout
        return found
    return {}


async def first_request(runtime: Runtime, compiler: Compiler, code: bytes) -> float:
    """Milliseconds of a worker's first answer in an isolate that is booted already."""
    program = await compiler.compile([Module("worker.js", "esm", code)], "worker.js")
    await runtime.warm()
    worker = runtime.worker(program, exclusive=True)
    began = time.perf_counter()
    response = await worker.fetch(Request("GET", "http://a.localhost/", [], None), Invocation("a", "b"))
    await read(response.body)
    took = (time.perf_counter() - began) * 1000
    await worker.close()
    return took


async def alone(rounds: int) -> None:
    """What has no counterpart over HTTP."""
    runtime, compiler = Runtime(spares=0), Compiler()
    await compiler.start()
    boots, workers = [], []
    for number in range(52):
        if number == 2:
            before = resident_bytes()
        began = time.perf_counter()
        isolate = await runtime.acquire(128)
        boots.append((time.perf_counter() - began) * 1000)
        workers.append(isolate)
    each = (resident_bytes() - before) / 50 / 1e6
    print(
        f"boot of an isolate: median {statistics.median(boots):.1f} ms, best {min(boots):.1f} ms (goal ≤ 6); "
        f"{each:.2f} MB each at 50 (goal ≤ 1.5)"
    )
    for isolate in workers:
        await asyncio.to_thread(isolate.close)
    await runtime.close()
    warm = Runtime(spares=1)
    made = bundles() if shutil.which("node") else {}
    if not made:
        print("Hono and the big bundle are left out: run tests/libraries once, it installs them")
    else:
        times = [await first_request(warm, compiler, made["hono"]) for _ in range(rounds)]
        print(
            f"Hono's first answer: median {statistics.median(times):.1f} ms, "
            f"best {min(times):.1f} ms (goal ≤ 40)"
        )
        fresh = Compiler()
        await fresh.start()
        big = [Module("worker.js", "esm", made["big"])]
        spent = []
        for _ in range(2):
            began = time.perf_counter()
            await fresh.compile(big, "worker.js", "2026-01-01", ("nodejs_compat",))
            spent.append((time.perf_counter() - began) * 1000)
        size = len(made["big"]) / 1e6
        print(
            f"compile of a {size:.1f} MB bundle: once {spent[0]:.0f} ms, "
            f"then from the cache {spent[1]:.1f} ms"
        )
        await fresh.close()
    await warm.close()
    await compiler.close()


async def deploy(state: Path) -> None:
    """Put the worker on hello's production."""
    client = Client(state)
    try:
        module = {"name": "worker.js", "type": "esm", "text": CODE}
        await client.save("hello", "production", [module], "worker.js", None)
    finally:
        await client.close()


def main() -> None:
    """Everything once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--workerd", type=Path, default=None)
    args = parser.parse_args()
    print(machine())
    program = args.workerd or find_workerd()
    with engine() as running:
        asyncio.run(deploy(running.state))
        sides = {"svc-tui": (running.port, "hello.dev.localhost")}
        if program is None:
            print("workerd is left out: it is not here, and Node or npm are missing")
            requests(sides, args.rounds)
        else:
            with workerd(program) as port:
                requests({**sides, "workerd": (port, "localhost")}, args.rounds)
    asyncio.run(alone(args.rounds))


if __name__ == "__main__":
    main()
