"""node:async_hooks: AsyncLocalStorage's store follows the code, over everything that waits."""

from __future__ import annotations

import asyncio

import pytest
from nodekit import DATE, FLAGS, HEAD, node_lab
from workerkit import request

from engine.model import Module
from engine.runtime.http import read

IMPORT = (
    'import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";\nconst als ='
    " new AsyncLocalStorage();\n"
)


@pytest.mark.parametrize(
    "body",
    [
        "await null; return als.getStore();",
        "await Promise.reject(new Error()).catch(() => {}); return als.getStore();",
        "try { await Promise.reject(1); } catch { return als.getStore(); }",
        "await Promise.all([1, scheduler.wait(1), Promise.resolve().then(() => {})]); return als.getStore();",
        "return new Promise((resolve) => setTimeout(() => resolve(als.getStore()), 1));",
        "return new Promise((resolve) => queueMicrotask(() => resolve(als.getStore())));",
        "return Promise.resolve().then(() => als.getStore());",
        "for await (const one of (async function* () { yield 1; await 2; yield 3; })()) { void one;"
        " } return als.getStore();",
        "for await (const one of [scheduler.wait(1)]) return als.getStore();",
        "outer: for await (const one of [1, 2]) { for await (const two of [3]) { continue outer; } }"
        " return als.getStore();",
        "const g = (async function* () { await 1; yield als.getStore(); })(); return (await g.next()).value;",
        "return await (async () => { await 1; await (await Promise.resolve(2)); return als.getStore(); })();",
        "return await { then(resolve) { resolve(als.getStore()); } };",
        "await new Response('x').text(); return als.getStore();",
        "return await als.run(8, async () => { await 1; return als.getStore(); }) - 1;",
        "await als.run(8, async () => { await 1; }); return als.getStore();",
        "const read = als.exit(() => als.getStore() === undefined); await 1; return read ?"
        " als.getStore() : 0;",
        "const bound = AsyncLocalStorage.bind(() => als.getStore()); return als.run(1, bound);",
        "const shot = AsyncLocalStorage.snapshot(); await 1; return als.run(1, () => shot(() =>"
        " als.getStore()));",
        "const r = new AsyncResource('X'); return als.run(1, () => r.runInAsyncScope(() => als.getStore()));",
        "const s = new ReadableStream({ async pull(c) { await 1; c.enqueue(als.getStore()); c.close(); } });"
        " return (await s.getReader().read()).value;",
        "const { Readable } = await import('node:stream'); const list = [];"
        " for await (const one of Readable.from([1])) { await null; list.push(als.getStore()); }"
        " return list[0];",
        "const { EventEmitter } = await import('node:events'); const e = new EventEmitter();"
        " return new Promise((resolve) => { e.on('x', () => resolve(als.getStore())); setTimeout(()"
        " => e.emit('x'), 1); });",
        "const { setTimeout: wait } = await import('node:timers/promises'); await wait(1); return"
        " als.getStore();",
        "return new Promise((resolve) => process.nextTick(() => resolve(als.getStore())));",
        "return new Promise((resolve) => setImmediate(() => resolve(als.getStore())));",
    ],
)
async def test_the_store_is_kept(body: str) -> None:
    source = (
        f"{IMPORT}const work = async () => {{ {body} }};\n"
        "async function answer() { const value = await als.run(7, work); return [value,"
        " als.getStore() ?? null]; }"
    )
    async with node_lab() as lab:
        assert await lab.run(source) == [7, None]


async def test_requests_do_not_see_each_others_stores() -> None:
    source = IMPORT + (
        "async function step(n) { for (let i = 0; i < n; i++) { await scheduler.wait(i % 3); await null; }"
        " return als.getStore(); }\n"
        "async function answer(request) { const id = new URL(request.url).searchParams.get('id');"
        " const before = als.getStore() ?? null; const seen = await als.run(id, () => step(9));"
        " als.enterWith('leak');"
        " return [before, seen]; }"
    )
    async with node_lab() as lab:
        worker = await lab.node(source)
        answers = await asyncio.gather(*(lab.ask(worker, f"/?id={i}") for i in range(20)))
    assert answers == [[None, str(i)] for i in range(20)]


async def test_a_common_js_module_keeps_it_too() -> None:
    library = Module(
        "lib.cjs",
        "commonjs",
        b'const { AsyncLocalStorage } = require("node:async_hooks"); exports.als = new AsyncLocalStorage();'
        b" exports.later = async () => { await 1; for await (const x of [1]) await x; return"
        b" exports.als.getStore(); };",
    )
    async with node_lab() as lab:
        worker = await lab.node(
            'import lib from "./lib.cjs"; async function answer() { return lib.als.run(3, lib.later); }',
            library,
        )
        value = await lab.ask(worker)
    assert value == 3


async def test_positions_in_errors_are_those_of_the_file() -> None:
    source = IMPORT + "async function fail() {\n  await 1; await 2; throw new Error('here');\n}\n"
    async with node_lab() as lab:
        program = await lab.compiler.compile(
            [Module("worker.js", "esm", (source + "const answer = fail;" + HEAD).encode())],
            "worker.js",
            DATE,
            FLAGS,
        )
        response = await lab.runtime.worker(program).fetch(request("/"), lab.invocation())
        text = (await read(response.body)).decode()
    assert "worker.js:4:" in text


async def test_without_async_hooks_nothing_is_rewritten() -> None:
    async with node_lab() as lab:
        program = await lab.compiler.compile(
            [Module("worker.js", "esm", b"export default { async fetch() { await 1; } }")],
            "worker.js",
            DATE,
            FLAGS,
        )
    assert "__aW" not in program.modules[0]["code"]
