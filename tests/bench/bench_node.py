"""What Node's modules cost: the boot of an isolate without them, and their first import.

Run: ``python tests/bench/bench_node.py [--bundle FOLDER]``; another bundle compares two builds.
Times are milliseconds, median and best. Sizes are what an isolate evaluates.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from engine.model import Module
from engine.runtime.compile import Compiler
from engine.runtime.http import Request, read
from engine.runtime.invocation import Invocation
from engine.runtime.pool import Runtime
from engine.runtime.services import source

ROUNDS = 15
PLAIN = "export default { fetch: () => new Response('ok') }"
#: What a worker imports, and a little use of it.
IMPORTS = {
    "(no module)": "",
    "buffer": "import { Buffer } from 'node:buffer'; Buffer.from('a').toString('base64');",
    "events": "import EventEmitter from 'node:events'; new EventEmitter().emit('x');",
    "path": "import path from 'node:path'; path.join('a', 'b');",
    "util": "import { format } from 'node:util'; format('%s', 1);",
    "async_hooks": "import { AsyncLocalStorage } from 'node:async_hooks'; new AsyncLocalStorage();",
    "stream": "import { Readable } from 'node:stream'; Readable.from(['a']);",
    "crypto": "import { createHash } from 'node:crypto'; createHash('sha256').update('a').digest('hex');",
    "zlib": "import { gzipSync } from 'node:zlib'; gzipSync('a');",
    "http": "import http from 'node:http'; http.METHODS;",
}


def _line(name: str, times: Sequence[float]) -> None:
    print(f"{name:14} {statistics.median(times):7.2f} {min(times):7.2f}")


async def _boots(runtime: Runtime) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        isolate = await runtime.acquire(128)
        times.append((time.perf_counter() - began) * 1000)
        await asyncio.to_thread(isolate.close)
    return times


async def _loads(runtime: Runtime, compiler: Compiler, imports: str) -> list[float]:
    """From a compiled program to its first response, in an isolate that is booted already."""
    code = f"{imports}\n{PLAIN}"
    flags = ("nodejs_compat",) if imports else ()
    program = await compiler.compile(
        [Module("worker.js", "esm", code.encode())], "worker.js", "2026-01-01", flags
    )
    times = []
    for _ in range(ROUNDS):
        await runtime.warm()
        worker = runtime.worker(program, exclusive=True)
        began = time.perf_counter()
        response = await worker.fetch(Request("GET", "http://a.localhost/", [], None), Invocation("a", "b"))
        await read(response.body)
        times.append((time.perf_counter() - began) * 1000)
        await worker.close()
    return times


async def _main() -> None:
    compiler = Compiler()
    await compiler.start()
    bundle = source.BUNDLE
    print(f"runtime.js {(bundle / 'runtime.js').stat().st_size:,} bytes", end=", ")
    node = sum(path.stat().st_size for path in (bundle / "lazy").glob("node*.js"))
    print(f"lazy bundles of Node's modules {node:,} bytes\n{'':14}  median    best")
    cold = Runtime(spares=0)
    await _boots(cold)  # the first ones read files
    _line("boot", await _boots(cold))
    await cold.close()
    warm = Runtime(spares=1)
    for name, imports in IMPORTS.items():
        await _loads(warm, compiler, imports)
        _line(name, await _loads(warm, compiler, imports))
    await warm.close()
    await compiler.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", type=Path, default=source.BUNDLE)
    source.BUNDLE = parser.parse_args().bundle.resolve()
    asyncio.run(_main())
