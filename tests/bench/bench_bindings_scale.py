"""Bindings with much in them: KV of a million keys, thousands of idle WebSockets, a thousand objects at once.

    python tests/bench/bench_bindings_scale.py [--keys 1000000] [--sockets 10000] [--objects 1000]
                                               [--only kv,sockets,objects]

KV: get and a page of a list cost the same as with 1,000 keys. WebSockets: memory of one that is idle, that a
worker has accepted or that an object sleeps beside (Linux: shared pages counted once). Objects: memory and
open files while they all live, and when they have left. 10,000 sockets need as many open files: `ulimit -n`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

from bench_bindings import deploy
from engine_process import Engine, engine, family, get, kind_of, machine, memory_mb
from socket_load import Client, connect

from engine.store import Store, kv

HOST = "scale.dev.localhost"
CODE = """
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }
  async bump() {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return n;
  }
}
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const store = searchParams.get("of") === "large" ? env.LARGE : env.SMALL;
    const key = searchParams.get("key");
    if (pathname === "/get") return new Response(await store.get(key));
    if (pathname === "/list") {
      const { keys } = await store.list({ prefix: key });
      return new Response(`${keys.length}`);
    }
    if (pathname === "/room") {
      return env.ROOM.getByName(`room-${searchParams.get("n") % 100}`).fetch(request);
    }
    if (pathname === "/socket") {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      return new Response(null, { status: 101, webSocket: client });
    }
    if (pathname === "/bump") {
      const from = +searchParams.get("from");
      const all = Array.from({ length: 100 }, (_, i) => env.ROOM.getByName(`object-${from + i}`).bump());
      return new Response(`${(await Promise.all(all)).length}`);
    }
    return new Response("ready");
  },
};
"""
CONFIGURATION = """
name = "scale"
main = "worker.js"
compatibility_date = "2026-04-01"
kv_namespaces = [{{ binding = "SMALL", id = "{small}" }}, {{ binding = "LARGE", id = "{large}" }}]
durable_objects.bindings = [{{ name = "ROOM", class_name = "Room" }}]
migrations = [{{ tag = "v1", new_sqlite_classes = ["Room"] }}]
"""


def name(number: int) -> str:
    """A key: groups of a thousand have a prefix in common."""
    return f"group-{number // 1000:06}/key-{number:09}"


async def fill(state: Path, sizes: dict[str, int]) -> dict[str, str]:
    """Namespaces of so many keys, in the store of an engine that does not run; gives their ids."""
    store = Store.open(state)
    found = {}
    try:
        for title, size in sizes.items():
            made = await store.write(
                lambda connection, title=title: kv.create_namespace(connection, title, store.now())
            )
            found[title] = made.id
            for start in range(0, size, 10_000):
                some = [kv.Put(name(n), b"v" * 100) for n in range(start, min(size, start + 10_000))]
                await store.write(
                    lambda connection, some=some, made=made: kv.put_many(connection, made.id, some)
                )
    finally:
        store.close()
    return found


def compare(running: Engine, sizes: dict[str, int], rounds: int = 300) -> None:
    """What a get and a page cost in either, in turns."""
    for what in ("get", "list"):
        times: dict[str, list[float]] = {title: [] for title in sizes}
        for _ in range(rounds):
            for title, size in sizes.items():
                number = random.randrange(size)
                key = name(number) if what == "get" else name(number).partition("key")[0]
                began = time.perf_counter()
                status, body = get(running.port, HOST, f"/{what}?of={title}&key={key}")
                times[title].append((time.perf_counter() - began) * 1000)
                if (status, len(body) if what == "get" else int(body)) != (
                    200,
                    100 if what == "get" else 1000,
                ):
                    raise RuntimeError(f"{what} of {key} in {title}: {status} {body[:100]!r}")
        medians = {title: statistics.median(each) for title, each in times.items()}
        best = {title: min(each) for title, each in times.items()}
        shown = "   ".join(
            f"{sizes[title]:9,} keys {medians[title]:6.2f} ms (best {best[title]:.2f})" for title in sizes
        )
        print(f"kv {what:<5} {shown}   ratio {medians['large'] / medians['small']:.2f}", flush=True)


def files(pid: int) -> int:
    """Files that the live process has open."""
    live = next(one for one in family(pid) if kind_of(one) == "live")
    return len(os.listdir(f"/proc/{live}/fd"))


async def idle(running: Engine, path: str, count: int) -> None:
    """Open sockets, and see what they cost when nothing happens."""
    before = memory_mb(running.pid)
    began = time.perf_counter()
    clients: list[Client] = []
    for start in range(0, count, 100):
        some = range(start, min(count, start + 100))
        clients += await asyncio.gather(*(connect(running.port, HOST, f"{path}?n={n}") for n in some))
    took = time.perf_counter() - began
    await asyncio.sleep(12)  # objects leave memory 10 s after their last event
    after = memory_mb(running.pid)
    lost = sum(len(client.faults) for client in clients)
    print(
        f"sockets {path:<8} {count:,} idle: {before:.0f} → {after:.0f} MB, "
        f"{(after - before) * 1024 / count:.1f} KB each, opened {count / took:,.0f}/s, {lost} lost",
        flush=True,
    )
    for client in clients:
        if client.transport is not None:
            client.transport.abort()
    await asyncio.sleep(3)


def at_once(running: Engine, count: int) -> None:
    """Bring objects to life, and let them go."""
    before, opened = memory_mb(running.pid), files(running.pid)
    began = time.perf_counter()
    for start in range(0, count, 100):
        status, body = get(running.port, HOST, f"/bump?from={start}", timeout=60)
        if (status, body) != (200, b"100"):
            raise RuntimeError(f"objects {start}…: {status} {body[:100]!r}")
    took = time.perf_counter() - began
    living, most = memory_mb(running.pid), files(running.pid)
    time.sleep(13)
    rested, left = memory_mb(running.pid), files(running.pid)
    each = (living - before) * 1024 / count
    print(
        f"objects {count:,} at once: {before:.0f} → {living:.0f} MB, {each:.1f} KB and "
        f"{took / count * 1000:.2f} ms each, files {opened} → {most}; when they have left: {rested:.0f} MB, "
        f"{left} files",
        flush=True,
    )


def main() -> None:
    """All three."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--sockets", type=int, default=10_000)
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--only", default="kv,sockets,objects")
    args = parser.parse_args()
    chosen = args.only.split(",")
    print(machine())
    sizes = {"small": 1000, "large": args.keys if "kv" in chosen else 1000}

    with tempfile.TemporaryDirectory(prefix="svc-bench-") as folder:
        project = Path(folder) / "project"
        project.mkdir()
        with engine("--no-samples", fill=lambda state: asyncio.run(fill(state, sizes))) as running:
            assert isinstance(running.filled, dict)
            (project / "worker.js").write_text(CODE)
            (project / "wrangler.toml").write_text(CONFIGURATION.format(**running.filled))
            deploy(running.state, project)
            if get(running.port, HOST)[1] != b"ready":
                raise RuntimeError("the worker does not answer")
            if "kv" in chosen:
                compare(running, sizes)
            if "objects" in chosen:
                at_once(running, args.objects)
            if "sockets" in chosen:
                for path in ("/room", "/socket"):
                    asyncio.run(idle(running, path, args.sockets))


if __name__ == "__main__":
    main()
