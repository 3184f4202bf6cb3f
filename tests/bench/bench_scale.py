"""An account with 1,000 services of 20 environments each, beside one with ten services of one.

    python tests/bench/bench_scale.py [--services 1000] [--environments 20] [--keep FOLDER]

What a list page, a hostname, a route and a start cost, and the memory. Goals: any list page ≤ 100 ms,
hostnames and routes as in the small account, start ≤ 1.5 s. Read the best time on a busy machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from engine_process import get, machine, memory_mb, spawn, stop, wait_for_port

from engine import publish
from engine.model import PRODUCTION, Actor, Binding, Module, Settings
from engine.store import Connection, Store, changes, environments, modules, routes, services, zones
from engine.traffic import Route, Zone

ACTOR = Actor("bench", "api")
DEPLOYMENTS = 3
#: Pages that are asked for; `{a}` is the account.
PAGES = (
    "/accounts/{a}/workers/services",
    "/accounts/{a}/workers/services?per_page=1000&page=1",
    "/accounts/{a}/workers/services?page=9",
    "/accounts/{a}/workers/scripts",
    "/accounts/{a}/workers/workers",
    "/accounts/{a}/workers/services/service-7",
    "/accounts/{a}/workers/services/service-7/environments",
    "/accounts/{a}/workers/services/service-7/environments/production",
    "/accounts/{a}/workers/scripts/service-7/deployments",
    "/accounts/{a}/workers/scripts/service-7/versions",
    "/accounts/{a}/workers/scripts/service-7/references",
    "/accounts/{a}/workers/domains",
    "/accounts/{a}/metrics",
    "/accounts/{a}/engine",
    "/zones",
    "/zones/{z}/workers/routes",
)
ZONE = "bench.test"
ZONE_ID = "b" * 32


def code(number: int) -> Module:
    """A worker; every tenth service has code of its own."""
    text = f'export default {{ fetch() {{ return new Response("hello {number % 10}") }} }};\n'
    return Module("worker.js", "esm", text.encode())


async def seed(folder: Path, count: int, width: int) -> None:
    """Services with environments, each deployed some times, with a variable, and a route a service."""
    store = Store.open(folder)
    try:
        await store.write(lambda connection: _zone(connection, store))
        for number in range(count):

            def work(connection: Connection, number: int = number) -> None:
                _service(connection, store, number, width)

            await store.write(work)
    finally:
        store.close()


def _zone(connection: Connection, store: Store) -> None:
    zones.insert(connection, Zone(ZONE_ID, ZONE, store.now()))


def _service(connection: Connection, store: Store, number: int, width: int) -> None:
    name = f"service-{number}"
    at = store.now()
    services.insert(connection, name, at)
    changes.append(connection, at, "service.created", ACTOR, service=name)
    module = code(number)
    ref = modules.refer(module)
    modules.keep(connection, (ref,), (module,))
    for position in range(width):
        environment = PRODUCTION if position == 0 else f"env-{position}"
        made = environments.insert(connection, name, environment, store.now())
        for turn in range(DEPLOYMENTS):
            binding = Binding("TURN", "plain_text", {"text": str(turn)})
            content = publish.Content(
                module.name, (ref,), (binding,), Settings("2026-11-01"), handlers=("fetch",)
            )
            publish.deployed(connection, store, made, content, publish.Note(ACTOR))
    place = environments.get(connection, name, PRODUCTION)
    pattern = f"{name}.{ZONE}/*"
    routes.put(
        connection,
        Route(secrets.token_hex(16), pattern, ZONE_ID, ZONE, place.id, name, PRODUCTION, store.now()),
    )


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Milliseconds it takes: the best and the median of some rounds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return min(times), statistics.median(times)


def start(state: Path) -> tuple[float, int, object]:
    """Start an engine: seconds to its first answer, its port and its process."""
    began = time.perf_counter()
    process = spawn(state, "--no-samples")
    port = wait_for_port(state, process)
    status, body = get(port, "service-7.dev.localhost")
    if status != 200:
        raise RuntimeError(f"service-7 answered {status}: {body[:200]!r}")
    return time.perf_counter() - began, port, process


def measure(state: Path, title: str, rounds: int, width: int) -> None:
    """Everything of one account."""
    starts = []
    for turn in range(3):
        seconds, port, process = start(state)
        starts.append(seconds)
        if turn < 2:
            stop(process)  # type: ignore[arg-type]
    try:
        pid = process.pid  # type: ignore[attr-defined]
        account = json.loads((state / "engine.json").read_text())["account_id"]
        token = (state / "api-token").read_text().strip()
        print(f"\n{title}")
        print(
            f"  start to the first answer: best {min(starts):.2f} s, median {statistics.median(starts):.2f} s"
        )
        print(f"  memory after the start: {memory_mb(pid):.0f} MB, database {_size(state) / 2**20:.0f} MB")
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}/client/v4",
            headers={"authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=60,
        ) as client:
            for page in PAGES:
                path = page.format(a=account, z=ZONE_ID)
                best, median = timed(lambda path=path: client.get(path).raise_for_status(), rounds)  # type: ignore[misc]
                print(f"  {median:7.1f} ms (best {best:6.1f})  {page}")
        for host, path in (("service-7.dev.localhost", "/"), (f"service-7.{ZONE}", "/x")):
            best, median = timed(lambda host=host, path=path: get(port, host, path), 200)  # type: ignore[misc]
            print(f"  {median:7.2f} ms (best {best:6.2f})  GET {host}{path}")
        hosts = [
            f"service-{number}.dev.localhost" if place == 0 else f"env-{place}.service-{number}.dev.localhost"
            for number in range(0, 1000, 4)
            for place in (0, width // 2)
        ]
        began = time.perf_counter()
        answered = sum(get(port, host)[0] == 200 for host in hosts)
        took = (time.perf_counter() - began) * 1000 / len(hosts)
        print(f"  {took:7.2f} ms  the first request of each of {answered} environments")
        print(f"  memory after that: {memory_mb(pid):.0f} MB")
    finally:
        stop(process)  # type: ignore[arg-type]


def _size(state: Path) -> int:
    return sum(os.path.getsize(each) for each in state.glob("store.db*"))


def main() -> None:
    """Both accounts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--environments", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="where the large account is kept, and found the next time")
    asked = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(prefix="svc-bench-") as folder:
        small, large = Path(folder) / "small", asked.keep or Path(folder) / "large"
        asyncio.run(seed(small, 10, 1))
        if not (large / "store.db").exists():
            began = time.perf_counter()
            asyncio.run(seed(large, asked.services, asked.environments))
            print(f"seeded in {time.perf_counter() - began:.0f} s")
        measure(small, "ten services of one environment", asked.rounds, 1)
        measure(large, f"{asked.services} services of {asked.environments}", asked.rounds, asked.environments)


if __name__ == "__main__":
    main()
