"""Rejections that nobody handles: what the global scope and the log are told, and that V8 survives it.

What is told when is what workerd told of the same code (compatibility date 2026-04-01).
"""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
import pytest_asyncio
from workerkit import Lab, lab, request

from engine.model import Module
from engine.runtime.errors import CpuLimitExceeded, MemoryLimitExceeded, WorkerError
from engine.runtime.limits import Limits
from engine.runtime.rejections import MOST
from engine.runtime.v8 import TRIED
from engine.runtime.worker import Worker

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif((sys.platform, platform.machine()) not in TRIED, reason="V8 tells nothing here"),
]

SOURCE = (Path(__file__).parent.parent / "fixtures" / "hostile" / "rejections.js").read_text()

TOLD = {
    "plain": [["unhandled", "Error: plain"]],
    "prevented": [["unhandled", "Error: prevented"]],
    "sameTurn": [],
    "someTurns": [],
    "late": [["unhandled", "3"], "caught", ["handled", "3"]],
    "timer": [["unhandled", "Error: timer"]],
    "microtask": [["unhandled", "Error: microtask"]],
    "listener": [["unhandled", "Error: listener"]],
    "listenerThrows": [["unhandled", "Error: prevented"]],
    "order": ["one", "two", "three", ["unhandled", "A"], ["unhandled", "B"]],
    "settledTwice": [],
    "waitUntil": [],
}
REPORTED = {
    "plain": ["plain"],
    "late": ["3"],
    "timer": ["timer"],
    "microtask": ["microtask"],
    "listener": ["listener"],
    "listenerThrows": ["thrown"],
    "order": ["A", "B"],
    "waitUntil": ["waited"],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0, isolates_per_worker=1) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(bench: Lab) -> Worker:
    return await bench.worker(SOURCE)


def reported(bench: Lab) -> list[str]:
    """The messages of the exceptions in the log, which is emptied."""
    found = [str(error).partition(": ")[2] for error in bench.errors]
    bench.errors.clear()
    return found


@pytest.mark.parametrize("case", TOLD)
async def test_what_is_told(bench: Lab, worker: Worker, case: str) -> None:
    bench.errors.clear()
    assert orjson.loads(await bench.text(worker, f"/{case}")) == TOLD[case]
    assert reported(bench) == REPORTED.get(case, [])


async def test_of_an_event_that_has_answered(bench: Lab, worker: Worker) -> None:
    """It stays open until its rejections are in its log; what it came to is not changed by them."""
    bench.errors.clear()
    invocation = bench.invocation()
    response = await worker.fetch(request("/atOnce"), invocation)
    assert response.status == 200
    await invocation.closed()
    assert (reported(bench), invocation.outcome) == (["at once"], "ok")
    assert orjson.loads(await bench.text(worker, "/log")) == [["unhandled", "Error: at once"]]


async def test_thousands(bench: Lab, worker: Worker) -> None:
    bench.errors.clear()
    assert orjson.loads(await bench.text(worker, "/many")) == [MOST]
    assert len(reported(bench)) == MOST


async def test_with_no_stack_left(bench: Lab, worker: Worker) -> None:
    assert orjson.loads(await bench.text(worker, "/overflow")) == [True]


@pytest.mark.parametrize(
    ("case", "limits", "expected"),
    [
        ("endless", Limits(cpu_ms=100), CpuLimitExceeded),
        ("endlessTurns", Limits(cpu_ms=100), CpuLimitExceeded),
        ("memory", Limits(memory_mb=32), MemoryLimitExceeded),
    ],
)
async def test_that_end_the_isolate(
    bench: Lab, worker: Worker, case: str, limits: Limits, expected: type[WorkerError]
) -> None:
    ending = await bench.worker(SOURCE, limits=limits)
    for _ in range(3):
        with pytest.raises(expected):
            await asyncio.wait_for(bench.fetch(ending, f"/{case}"), 60)
    assert orjson.loads(await bench.text(ending, "/plain")) == TOLD["plain"]
    assert orjson.loads(await bench.text(worker, "/plain")) == TOLD["plain"]


NODE = """
import process from "node:process";
const log = [];
process.on("unhandledRejection", (reason, promise) => log.push(reason, promise instanceof Promise));
process.on("rejectionHandled", (promise) => log.push(promise instanceof Promise));
export default {
  async fetch() {
    const promise = Promise.reject("x");
    await scheduler.wait(1);
    promise.catch(() => {});
    await scheduler.wait(1);
    return Response.json(log);
  },
};
"""


async def test_node_process(bench: Lab) -> None:
    modules = [Module("worker.js", "esm", NODE.encode())]
    program = await bench.compiler.compile(modules, "worker.js", "2026-01-01", ("nodejs_compat",))
    bench.errors.clear()
    assert orjson.loads(await bench.text(bench.runtime.worker(program))) == ["x", True, True]
    assert reported(bench) == []
