"""What test_killed.py kills: the live process without its server, forked anew for each round.

The parent has imported everything and has no threads, so that a round costs what opening the store and V8
costs. `python killed_process.py STATE ROUNDS` prints what was acknowledged, one `kind name answer` a line.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from durablekit import Engine
from kindskit import KINDS

from engine.runtime.http import Request, read
from engine.runtime.invocation import Invocation

FIRST = 60.0


async def work(state: Path, round: int, pipe: int) -> None:
    """Write all kinds at once, and tell each write that was acknowledged."""
    engine = Engine(state)
    engine.store.subscribe(engine.environments.queues.on_change)
    await engine.environments.objects.start()
    await engine.environments.queues.start()
    await engine.environments.workflows.start()

    async def write(kind: str) -> None:
        for number in itertools.count():
            name = f"{kind}-{round}-{number}"
            request = Request("GET", f"http://all.dev.localhost/{kind}/{name}", [])
            answer = await engine.environments.fetch(
                "all", "production", request, Invocation("all", "production")
            )
            body = await read(answer.body)
            if answer.status != 200:
                raise RuntimeError(f"{name}: {answer.status} {body[:200]!r}")
            if kind == "analytics":  # nothing is said of a point until it can be queried
                await engine.environments.points.flush()
            os.write(pipe, b"%s %s %s\n" % (kind.encode(), name.encode(), body))

    await asyncio.gather(*map(write, KINDS))


def one(state: Path, round: int) -> bytes:
    """A round: what was told before the process was killed, some time after the first write of some kind."""
    first = random.choice(KINDS).encode()
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(work(state, round, writable))
        finally:
            os._exit(1)
    os.close(writable)
    told = b""
    deadline = time.monotonic() + FIRST
    end = None
    while end is None or (left := end - time.monotonic()) > 0:
        found, _, _ = select.select([readable], [], [], 1.0 if end is None else left)
        if found:
            chunk = os.read(readable, 1 << 16)
            if not chunk:
                raise RuntimeError("it ended by itself")
            told += chunk
            if end is None and any(line.startswith(first) for line in told.splitlines()):
                end = time.monotonic() + random.uniform(0, 0.1)
        elif end is None and time.monotonic() > deadline:
            raise RuntimeError(f"no write of {first.decode()} was acknowledged")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while chunk := os.read(readable, 1 << 16):
        told += chunk
    os.close(readable)
    return told


if __name__ == "__main__":
    for number in range(int(sys.argv[2])):
        sys.stdout.buffer.write(one(Path(sys.argv[1]), number))
