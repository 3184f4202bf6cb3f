"""What an isolate costs: milliseconds to boot, megabytes when 1, 10 and 50 are there.

    python tests/bench/bench_boot.py [--isolates 50]

One after the other, each in a process of its own: bare V8 contexts, isolates with the runtime, and such
that have answered, at once and at rest. The memory is what that process alone has (USS; Linux only). On a
busy machine read the best time.
Goals: boot ≤ 6 ms, ≤ 1.5 MB an isolate at 50.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from engine_process import machine

import engine.seed
from engine.model import Module
from engine.runtime import services
from engine.runtime.compile import Compiler
from engine.runtime.http import Request
from engine.runtime.invocation import Invocation
from engine.runtime.isolate import Context, Isolate
from engine.runtime.memory import give_back
from engine.runtime.pool import Runtime
from engine.runtime.program import Program
from engine.runtime.services.source import read

STEPS = (1, 10, 50)
PARTS = ("bare V8", "isolate", "hello")
HELLO = Path(engine.seed.__file__).parent / "hello" / "worker.js"


def own_mb() -> float:
    """Megabytes that only this process has."""
    rollup = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_")) / 1024


def boots(name: str, make: Callable[[], Any], close: Callable[[Any], None], count: int) -> None:
    """Make them one after the other, and print times and memory."""
    close(make())  # the first one of a process loads V8
    base, made, times, lines = own_mb(), [], [], []
    for number in range(1, count + 1):
        began = time.perf_counter()
        made.append(make())
        times.append((time.perf_counter() - began) * 1000)
        if number in STEPS:
            lines.append(f"{(own_mb() - base) / number:.2f}")
    print(
        f"{name:<10} median {statistics.median(times):5.1f} ms   best {min(times):5.1f} ms   "
        f"MB each at {'/'.join(map(str, STEPS[: len(lines)]))}: {' / '.join(lines)}"
    )
    for one in made:
        close(one)


async def answers(count: int) -> None:
    """Workers of the sample `hello` (URL, console) answer once each, and rest then."""
    runtime, compiler = Runtime(spares=0, isolates=count + 1), Compiler()
    try:
        code = [Module("worker.js", "esm", HELLO.read_bytes())]
        program = await compiler.compile(code, "worker.js")
        await first(runtime, program)
        base, times = own_mb(), []
        workers = []
        for _ in range(count):
            began = time.perf_counter()
            workers.append(await first(runtime, program))
            times.append((time.perf_counter() - began) * 1000)
        answered = (own_mb() - base) / count
        for worker in workers:
            await asyncio.to_thread(worker.channels[0].isolate.tidy)
        await asyncio.to_thread(give_back)
        print(
            f"{'hello':<10} median {statistics.median(times):5.1f} ms   best {min(times):5.1f} ms   "
            f"MB each at {count}: {answered:.2f}, at rest {(own_mb() - base) / count:.2f}"
        )
    finally:
        await runtime.close()
        await compiler.close()


async def first(runtime: Runtime, program: Program) -> Any:
    """A worker that has answered one request."""
    worker = runtime.worker(program)
    response = await worker.fetch(Request("GET", "http://hello.dev.localhost/?name=x", []), Invocation())
    if response.status != 200:
        raise RuntimeError(f"hello answered {response.status}")
    return worker


def bare() -> Context:
    """A V8 context with nothing in it."""
    context = Context({})
    context.wait("0")
    return context


async def part(name: str, count: int) -> None:
    """One of the measurements."""
    if name == "hello":
        await answers(count)
    elif name == "isolate":
        loop, source = asyncio.get_running_loop(), read("runtime")
        make = partial(Isolate, source, loop, services.answer, 0)
        await asyncio.to_thread(boots, name, make, Isolate.close, count)
    else:
        await asyncio.to_thread(boots, name, bare, Context.close, count)


def main() -> None:
    """All, or the one that this process is for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--isolates", type=int, default=50)
    parser.add_argument("--part", choices=PARTS, help="only this one, in this process")
    args = parser.parse_args()
    if sys.platform != "linux":
        sys.exit("memory is read from /proc: Linux only")
    if args.part:
        asyncio.run(part(args.part, args.isolates))
        sys.stdout.flush()
        os._exit(0)  # freeing them all is not what was asked for
    print(f"{machine()}   runtime bundle {len(read('runtime')) / 1024:.0f} KB", flush=True)
    for name in PARTS:
        command = [sys.executable, __file__, "--part", name, "--isolates", str(args.isolates)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
