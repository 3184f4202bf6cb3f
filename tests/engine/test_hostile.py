"""Scripts that try to harm: each ends in an answer or a defined error; no other worker loses a request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from workerkit import Lab, lab

from engine.model import Module
from engine.runtime.errors import CpuLimitExceeded, MemoryLimitExceeded, ScriptException, WorkerError
from engine.runtime.http import Response, read
from engine.runtime.limits import Limits
from engine.runtime.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

CASES = Path(__file__).parent.parent / "fixtures" / "hostile"
#: ``run`` is a loop without end.
LOOP = bytes([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 7, 1, 3, 114, 117, 110, 0, 0])
LOOP += bytes([10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11])
BYSTANDER = "export default { async fetch() { await scheduler.wait(1); return new Response('fine'); } }"
# A stalled machine counts its stall as processor time.
SHORT = Limits(cpu_ms=1000)
SMALL = Limits(memory_mb=32)
PATIENCE = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0, isolates_per_worker=1) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bystander(bench: Lab) -> Worker:
    """A worker beside: its isolate has been there before the others, and must be there after."""
    return await bench.worker(BYSTANDER)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def usual(bench: Lab) -> Worker:
    """The script with the limits of any."""
    return await hostile(bench)


async def hostile(bench: Lab, limits: Limits | None = None) -> Worker:
    source = (CASES / "limits.js").read_bytes()
    return await bench.worker(
        Module("worker.js", "esm", source), Module("loop.wasm", "wasm", LOOP), limits=limits
    )


async def ask(bench: Lab, worker: Worker, case: str) -> Response:
    """One case's answer with its whole body."""
    response = await asyncio.wait_for(bench.fetch(worker, f"/{case}"), PATIENCE)
    response.body = await asyncio.wait_for(read(response.body), PATIENCE)
    return response


async def requests_beside(bench: Lab, bystander: Worker, done: asyncio.Event) -> int:
    """Ask the other worker until it is done; every request must be answered."""
    count = 0
    while not done.is_set():
        assert await asyncio.wait_for(bench.text(bystander), PATIENCE) == "fine"
        count += 1
        await asyncio.sleep(0.1)
    return count


async def ended(bench: Lab, case: str, limits: Limits, expected: type[WorkerError]) -> None:
    """A case in a worker of its own, which is there again at once."""
    worker = await hostile(bench, limits)
    with pytest.raises(expected) as raised:
        await ask(bench, worker, case)
    assert raised.value.code == 1102, case
    assert (await ask(bench, worker, "")).body == b"fine"
    await worker.close()


ENDLESS = ["wasm", "answer-endless-thenable", "throw-endless", "prepare-endless"]
BIG = ["headers", "string", "string-said", "string-thrown", "stream-into-memory"]


async def test_what_goes_on_without_end_is_ended(bench: Lab, bystander: Worker) -> None:
    assert await bench.text(bystander) == "fine"
    done = asyncio.Event()
    beside = asyncio.ensure_future(requests_beside(bench, bystander, done))
    try:
        await asyncio.gather(*(ended(bench, case, SHORT, CpuLimitExceeded) for case in ENDLESS))
        for case in BIG:  # one by one: what the process grows by is shared among those that work
            await ended(bench, case, SMALL, MemoryLimitExceeded)
    finally:
        done.set()
    assert await beside > 0


ANSWERS: dict[str, list[str]] = {
    "headers-same": ["299998", "2"],
    "string-too-long": ["RangeError"],
    "buffer-too-long": ["RangeError", "RangeError"],
    "deep": ["object", "200002", "RangeError", "object", "undefined"],
    "wait": ["TypeError", "undefined"],
    "detached": ["", "", "", "same", "object", *["DataCloneError"] * 2, "object", *["TypeError"] * 2, ""],
    "proxies": [
        *("", *["RangeError"] * 7, "[object Object]", "1", "object", "TypeError", "TypeError"),
        *("RangeError", "TypeError", *["RangeError"] * 4, "undefined"),
    ],
}


@pytest.mark.parametrize("case", ANSWERS)
async def test_it_catches_its_own_error(bench: Lab, usual: Worker, case: str) -> None:
    response = await ask(bench, usual, case)
    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body) == ANSWERS[case]


ERRORS = {
    "deep-thrown": "Error",
    "deep-cause": "next",
    "stream-of-traps": "did not return bytes",
    "answer-proxy": "did not resolve to 'Response'",
    "answer-trap": "RangeError: trap",
    "answer-thenable": "RangeError: then",
    "answer-used": "Body has already been used",
    "throw-trap": "a value that cannot be shown",
    "throw-revoked": "a value that cannot be shown",
    "throw-nothing": "undefined",
    "throw-stack": "mine",
    "prepare-stack": "Cannot read properties of null",
}


@pytest.mark.parametrize("case", ERRORS)
async def test_its_error_is_reported(bench: Lab, usual: Worker, case: str) -> None:
    bench.errors.clear()
    with pytest.raises(ScriptException, match=re.escape(ERRORS[case])) as raised:
        await ask(bench, usual, case)
    assert raised.value.code == 1101
    assert len(bench.errors) == 1


@pytest.mark.parametrize("case", ["rejections", "rejections-with-traps", "flood", "answer-twice"])
async def test_it_answers_all_the_same(bench: Lab, usual: Worker, case: str) -> None:
    assert (await ask(bench, usual, case)).body == b"fine"


async def test_an_answer_larger_than_the_channel(bench: Lab, usual: Worker) -> None:
    """Its head alone goes through the shared memory in parts."""
    response = await ask(bench, usual, "headers-sent")
    assert response.headers[-1] == ("x-19999", "1")
    assert (len(response.headers), response.body) == (20001, b"fine")


async def test_a_stream_without_end_ends_with_its_reader(bench: Lab, usual: Worker) -> None:
    before = int((await ask(bench, usual, "cancelled")).body or b"")  # type: ignore[arg-type]
    response = await bench.fetch(usual, "/stream")
    body = response.body
    assert body is not None
    assert not isinstance(body, bytes)
    seen = 0
    async for chunk in body:
        seen += len(chunk)
        if seen > 2 << 20:
            break
    await body.aclose()  # type: ignore[attr-defined]
    for _ in range(200):
        if (await ask(bench, usual, "cancelled")).body == str(before + 1).encode():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the stream was not cancelled")


HEAVY = """
import crypto from "node:crypto";
const run = (work) => { try { return work().length; } catch (error) { return error.message; } };
export default { fetch: () => Response.json([
  run(() => crypto.pbkdf2Sync("p", "s", 2 ** 31 - 1, 64, "sha512")),
  run(() => crypto.pbkdf2Sync("p", "s", 1, 2 ** 31 - 1, "sha1")),
  run(() => crypto.pbkdf2Sync("p", "s", 100000, 64, "sha512")),
  run(() => crypto.scryptSync("p", "s", 64, { N: 2 ** 20, r: 8, p: 1, maxmem: 2 ** 40 })),
  run(() => crypto.scryptSync("p", "s", 2 ** 31 - 1, { maxmem: 2 ** 40 })),
  run(() => crypto.scryptSync("p", "s", 64, { N: 2, r: 1, p: 2 ** 29, maxmem: 2 ** 40 })),
  run(() => crypto.generateKeyPairSync("rsa", { modulusLength: 16384 })),
  run(() => crypto.generatePrimeSync(100000)),
  run(() => `${crypto.checkPrimeSync(2n ** 100000n - 1n)}`),
]) };
"""


async def test_work_of_the_hosts_that_would_not_end_is_not_begun(bench: Lab) -> None:
    modules = [Module("worker.js", "esm", HEAVY.encode())]
    program = await bench.compiler.compile(modules, "worker.js", "2026-01-01", ("nodejs_compat",))
    worker = bench.runtime.worker(program)
    assert orjson.loads(await bench.text(worker)) == [
        "Pbkdf2 failed: 2147483647 iterations for 64 bytes are more than 20000000 in all.",
        "Pbkdf2 failed: 1 iterations for 2147483647 bytes are more than 20000000 in all.",
        64,
        "Invalid scrypt params: memory limit exceeded",
        "Invalid scrypt params: memory limit exceeded",
        "Invalid scrypt params: too much work",
        "A key of more than 4096 bits cannot be generated here: nothing could stop it.",
        *["Primes of more than 4096 bits are not supported."] * 2,
    ]
    await worker.close()


async def told(bench: Lab, name: str) -> dict[str, Any]:
    """What a script of its own file says."""
    modules = [Module("worker.js", "esm", (CASES / f"{name}.js").read_bytes())]
    program = await bench.compiler.compile(modules, "worker.js", "2026-01-01", ("nodejs_compat",))
    worker = bench.runtime.worker(program)
    response = await bench.fetch(worker, "/", "POST", [("x-a", "b")], b"abc" * 50000)
    result: dict[str, Any] = orjson.loads(await read(response.body))
    await worker.close()
    return result


async def test_built_ins_that_listen_hear_nothing_of_the_host(bench: Lab) -> None:
    assert await told(bench, "listening") == {"leaks": [], "listens": 1}


async def test_the_host_is_nowhere_to_be_reached(bench: Lab) -> None:
    assert await told(bench, "reach") == {
        "found": [],
        "many": True,
        "planted": True,
        "kept": 0,
        "imports": ["Error"] * 8,
        "hosts": [],
        "caller": "TypeError",
        "required": "Error",
        "binding": "Error",
        "constructed": "EvalError",
        "clones": ["DataCloneError"] * 4,
    }


async def test_isolates_share_nothing(bench: Lab) -> None:
    """What one worker does to its globals and prototypes is not in another's."""
    spoil = """globalThis.mine = 1; Object.prototype.spoiled = 1; Array.prototype.push = () => 0;
    Response.prototype.text = 0; Symbol.for("shared").x;
    export default { fetch: () => new Response("spoilt") }"""
    look = """export default { fetch: () => Response.json([typeof mine, "spoiled" in {}, [].push.name,
      typeof Response.prototype.text]) }"""
    assert await bench.text(await bench.worker(spoil)) == "spoilt"
    assert await bench.text(await bench.worker(look)) == '["undefined",false,"push","function"]'
