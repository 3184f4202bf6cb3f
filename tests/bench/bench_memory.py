"""Memory of many environments: clone one until there are a hundred, ask each once, and look.

    python tests/bench/bench_memory.py [--environments 100]

The figure is that of all engine processes together, shared pages counted once (PSS; Linux only): right after
the last answer, and when the engine has come to rest. Goal: ≤ 250 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from engine_process import Engine, engine, family, get, kind_of, machine, memory_mb

from tui.client import Engine as Client

#: Seconds in which an engine that nobody asks anything comes to rest.
REST = 8


async def clone_all(running: Engine, count: int) -> list[str]:
    """Make the environments; returns their hostnames."""
    client = Client(running.state)
    try:
        made = [await client.clone("hello", "staging", f"env-{number}") for number in range(count)]
    finally:
        await client.close()
    return [environment["hostname"] for environment in made]


def main() -> None:
    """Clone, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", type=int, default=100)
    count = parser.parse_args().environments
    if sys.platform != "linux":
        sys.exit("memory is read from /proc: Linux only")
    print(machine())
    with engine() as running:
        before = memory_mb(running.pid)
        hosts = asyncio.run(clone_all(running, count))
        began = time.perf_counter()
        for host in hosts:
            status, body = get(running.port, host)
            if status != 200:
                sys.exit(f"{host} answered {status}: {body[:200]!r}")
        took = time.perf_counter() - began
        after = memory_mb(running.pid)
        time.sleep(REST)
        rested = memory_mb(running.pid)
        print(
            f"memory   {before:.0f} MB at first   {after:.0f} MB after {count} environments answered once"
            f"   {rested:.0f} MB {REST} s later  (goal ≤ 250 MB)"
        )
        for process in family(running.pid):
            print(f"         {memory_mb(process, alone=True):4.0f} MB  {kind_of(process)}")
        print(f"first answers   {took / count * 1000:.1f} ms each, one after the other")


if __name__ == "__main__":
    main()
