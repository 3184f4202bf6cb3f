"""Requests a second of a worker that says hello, at 16 and 64 connections, ours beside `wrangler dev`.

    python tests/bench/bench_http.py [--seconds 5] [--rounds 3] [--no-wrangler]

The same load generator, the same code, in turns on one machine: read the ratio. `wrangler` (npm, 4.86.0) is
installed into a cache folder once, where Node and npm are present. Goals: ≥ 5,000 a second, ≥ 5 × wrangler.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import uvloop
from engine_process import engine, machine
from load import Result, load
from wrangler_dev import wrangler_dev, wrangler_folder

from tui.client import Engine as Client

CODE = 'export default { fetch() { return new Response("Hello, world!\\n"); } };\n'
CONFIGURATION = 'name = "hello"\nmain = "worker.js"\ncompatibility_date = "2026-04-01"\n'
LEVELS = (16, 64)


async def measure(ports: dict[str, tuple[int, str]], seconds: float, rounds: int) -> None:
    """Load each in turns and print medians."""
    for connections in LEVELS:
        found: dict[str, list[Result]] = {name: [] for name in ports}
        for _ in range(rounds):
            for name, (port, host) in ports.items():
                found[name].append(await load(port, host, connections, seconds))
        rates = {
            name: statistics.median(result.rate for result in results) for name, results in found.items()
        }
        for name, results in found.items():
            middle = sorted(results, key=lambda result: result.rate)[len(results) // 2]
            bad = f"   {sum(result.bad for result in results)} bad" if any(r.bad for r in results) else ""
            print(
                f"{connections:3} connections   {name:<13} {rates[name]:7,.0f}/s   "
                f"p50 {middle.p50:5.1f} ms   p99 {middle.p99:5.1f} ms{bad}"
            )
        if rates.get("wrangler dev"):
            ratio = rates["svc-tui"] / rates["wrangler dev"]
            print(f"{connections:3} connections   ratio {ratio:.1f} × wrangler dev  (goal ≥ 5)")


async def deploy(state: Path) -> None:
    """Put the worker on hello's production."""
    client = Client(state)
    try:
        module = {"name": "worker.js", "type": "esm", "text": CODE}
        await client.save("hello", "production", [module], "worker.js", None)
    finally:
        await client.close()


def main() -> None:
    """Ours alone, or beside wrangler."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-wrangler", action="store_true")
    args = parser.parse_args()
    print(machine())
    with engine() as running:
        uvloop.run(deploy(running.state))
        ports = {"svc-tui": (running.port, "hello.dev.localhost")}
        folder = None if args.no_wrangler else wrangler_folder()
        if folder is None:
            uvloop.run(measure(ports, args.seconds, args.rounds))
            return
        with tempfile.TemporaryDirectory(prefix="svc-bench-") as project:
            (Path(project) / "worker.js").write_text(CODE)
            (Path(project) / "wrangler.toml").write_text(CONFIGURATION)
            with wrangler_dev(folder, Path(project)) as (port, _):
                ports["wrangler dev"] = (port, "localhost")
                uvloop.run(measure(ports, args.seconds, args.rounds))


if __name__ == "__main__":
    main()
