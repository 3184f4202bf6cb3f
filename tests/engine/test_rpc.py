"""RPC between workers: methods, values, stubs, pipelining, disposal, errors."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bindingkit import Listener
from rpckit import Neighbours, neighbours

TARGET = """
import { WorkerEntrypoint, RpcTarget } from "cloudflare:workers";
class Counter extends RpcTarget {
  #value = 0;
  constructor(log) { super(); this.own = 1; this.log = log; }
  increment(by = 1) { this.#value += by; return this.#value; }
  get value() { return this.#value; }
  child() { return new Counter(); }
  [Symbol.dispose]() { console.log("counter disposed"); }
}
class Odd extends Error { constructor(message) { super(message); this.name = "OddError"; } }
let kept = null;
export default class extends WorkerEntrypoint {
  add(a, b) { return a + b; }
  echo(...values) { return values.length === 1 ? values[0] : values; }
  what(value) { return Object.prototype.toString.call(value); }
  get version() { return "v7"; }
  counter() { return new Counter(); }
  nothing() {}
  fail() { throw new RangeError("too far"); }
  failOdd() { throw new Odd("odd one"); }
  async call(f, ...args) { return await f(...args); }
  async noteOn(target) { await target.note("one"); return target.note("two"); }
  table() { return { inner: { double: (x) => 2 * x }, list: [1, 2, 3] }; }
  adder(x) { return (y) => x + y; }
  keep(f) { kept = f.dup(); }
  async useKept() { return await kept(); }
  async body(request) {
    return [request.method, request.url, request.headers.get("x-a"), await request.text()];
  }
  answer() { return new Response("hello", { status: 201, headers: { "x-b": "2" } }); }
  stream(n) {
    let i = 0;
    return new ReadableStream({ type: "bytes", pull(c) {
      if (i++ < n) c.enqueue(new Uint8Array(50000).fill(i)); else c.close();
    } });
  }
  async size(stream) { let n = 0; for await (const chunk of stream) n += chunk.byteLength; return n; }
  fetch() { return new Response("fetched"); }
  own = "instance";
}
export class Named extends WorkerEntrypoint {
  props() { return this.ctx.props; }
}
export const plain = { twice(x, env, ctx) { return [2 * x, typeof env, typeof ctx.waitUntil]; } };
"""


@pytest.fixture
async def target():
    async with neighbours(TARGET) as found:
        yield found


async def test_methods_properties_and_fetch(target: Neighbours):
    found = await target.ask(
        "return [await SVC.add(1, 2), await SVC.version, await SVC.nothing() === undefined,"
        " await (await SVC.fetch('http://x/')).text(), typeof SVC, (await SVC) === SVC, 'then' in SVC];"
    )
    assert found == [3, "v7", True, "fetched", "object", True, False]


async def test_a_binding_passes_through_promises(target: Neighbours):
    assert await target.ask(
        "return (await Promise.resolve(SVC)) === SVC && (async () => SVC)() instanceof Promise;"
    )


VALUES = {
    "undefined": "v === undefined",
    "null": "v === null",
    "-0": "Object.is(v, -0)",
    "NaN": "Number.isNaN(v)",
    "Infinity": "v === Infinity",
    "12345678901234567890n": "v === 12345678901234567890n",
    "'a\\ud800\\u0000\\u00e9'": "v === 'a\\ud800\\u0000\\u00e9'",
    "new Date(5)": "v instanceof Date && v.getTime() === 5",
    "new Date(NaN)": "v instanceof Date && Number.isNaN(v.getTime())",
    "/a+/gi": "v instanceof RegExp && v.source === 'a+' && v.flags === 'gi'",
    "new Map([[{a: 1}, new Set([1, 'x'])]])": "[...v][0][0].a === 1 && [...v][0][1].has('x')",
    "new Uint8Array([1, 2, 3]).subarray(1)": "v instanceof Uint8Array && v.join() === '2,3'",
    "new Float64Array([0.5])": "v instanceof Float64Array && v[0] === 0.5",
    "new BigInt64Array([-1n])": "v[0] === -1n",
    "new DataView(new Uint8Array([7]).buffer)": "v instanceof DataView && v.getUint8(0) === 7",
    "new Uint8Array([9]).buffer": "v instanceof ArrayBuffer && new Uint8Array(v)[0] === 9",
    "{a: [1, {b: undefined}], __proto__: null, ['__proto__']: 2}": "v.a[1].b === undefined && 'b' in v.a[1]",
    "(() => { const o = {}; o.self = o; return o; })()": "v.self === v",
    "(() => { const o = {}; return [o, o]; })()": "v[0] === v[1]",
    "new TypeError('bad', {cause: 3})": "v instanceof TypeError && v.message === 'bad' && v.cause === 3",
    "new DOMException('m', 'AbortError')": "v instanceof DOMException && v.name === 'AbortError'",
    "new Blob(['ab'], {type: 'text/x'})": "v instanceof Blob && v.type === 'text/x' && v.size === 2",
    "new File(['ab'], 'f.txt')": "v instanceof File && v.name === 'f.txt'",
    "new Headers({a: '1'})": "v instanceof Headers && v.get('a') === '1'",
    "new Uint8Array(300000).fill(3)": "v.length === 300000 && v[299999] === 3",
    "'x'.repeat(200000)": "v.length === 200000",
}


async def test_every_cloneable_value_comes_back_as_it_was(target: Neighbours):
    checks = ", ".join(
        f"(async () => {{ const v = await SVC.echo({value}); return {check}; }})()"
        for value, check in VALUES.items()
    )
    found = await target.ask(f"return await Promise.all([{checks}]);")
    assert dict(zip(VALUES, found, strict=True)) == dict.fromkeys(VALUES, True)


async def test_what_cannot_be_sent_is_refused(target: Neighbours):
    found = await target.ask(
        "class Foo {}; return [await failure(() => SVC.echo(new Foo())),"
        " await failure(() => SVC.echo(Symbol())),"
        " await failure(() => SVC.echo(new WeakMap()))];"
    )
    assert found[0] == [
        "DataCloneError",
        'Could not serialize object of type "Foo". This type does not support serialization.',
    ]
    assert [each[0] for each in found] == ["DataCloneError"] * 3


async def test_errors_keep_name_and_message(target: Neighbours):
    found = await target.ask(
        "return [await failure(() => SVC.fail()), await failure(() => SVC.failOdd()),"
        " await failure(() => SVC.missing()), await failure(() => SVC.own)];"
    )
    assert found[:3] == [
        ["RangeError", "too far"],
        ["Error", "OddError: odd one"],
        ["TypeError", 'The RPC receiver does not implement the method "missing".'],
    ]
    assert found[3] == ["TypeError", 'The RPC receiver does not implement the method "own".']


async def test_named_entrypoints_props_and_plain_objects(target: Neighbours):
    assert await target.ask("return SVC.props();", entrypoint="Named", props={"a": 1}) == {"a": 1}
    assert await target.ask("return SVC.twice(4);", entrypoint="plain") == [8, "object", "function"]
    name, message = await target.ask("return failure(() => SVC.twice(4, 5));", entrypoint="plain")
    assert name == "TypeError"
    assert "wrong number of arguments" in message


async def test_stubs_of_targets_keep_their_state(target: Neighbours):
    found = await target.ask(
        "using c = await SVC.counter(); await c.increment(); await c.increment(5);"
        " return [await c.value, c instanceof RpcStub, await failure(() => c.own),"
        " await failure(() => c.secret())];"
    )
    assert found[:2] == [6, True]
    assert [each[0] for each in found[2:]] == ["TypeError", "TypeError"]


async def test_pipelining(target: Neighbours):
    found = await target.ask(
        "return [await SVC.counter().increment(3), await SVC.counter().child().increment(),"
        " await SVC.table().inner.double(21), await SVC.table().list, await SVC.adder(1)(2),"
        " await SVC.table().inner.double(await SVC.add(1, 1))];"
    )
    assert found == [3, 1, 42, [1, 2, 3], 3, 4]
    assert await target.ask("return failure(() => SVC.fail().then_some.thing());") == [
        "RangeError",
        "too far",
    ]


async def test_functions_and_targets_of_the_caller(target: Neighbours):
    found = await target.ask(
        "const seen = []; const r = await SVC.call(async (a, b) => { seen.push(a); return a * b; }, 6, 7);"
        " const n = await SVC.noteOn(new Local(seen)); return [r, n, seen.slice(0, 3)];"
    )
    assert found == [42, 3, [6, "one", "two"]]
    assert await target.ask("return failure(() => SVC.call(() => { throw new SyntaxError('mine'); }));") == [
        "SyntaxError",
        "mine",
    ]


async def test_a_disposed_stub_is_of_no_use_and_its_target_hears_of_it(target: Neighbours):
    found = await target.ask(
        "let c; { using s = await SVC.counter(); c = s; await s.increment(); }"
        " return failure(() => c.increment());"
    )
    assert found == ["Error", "RPC stub used after being disposed."]
    await asyncio.sleep(0.05)
    assert target.lab.said == ["counter disposed"] or target.lab.said == []
    assert target.workers["target"].channels[0].exports == 0


async def test_stubs_end_with_the_invocation_that_holds_them(target: Neighbours):
    assert await target.ask("globalThis.c = await SVC.counter(); return await globalThis.c.increment();") == 1
    await asyncio.sleep(0.05)
    assert target.workers["target"].channels[0].exports == 0
    assert not target.lab.runtime.handles._exports


async def test_requests_responses_and_streams(target: Neighbours):
    found = await target.ask(
        "const answer = await SVC.answer();"
        " const init = { method: 'POST', body: 'text', headers: { 'x-a': '1' } };"
        " const request = new Request('http://x/y', init);"
        " const back = new Response(await SVC.stream(20));"
        " return [await SVC.body(request), answer.status, answer.headers.get('x-b'), await answer.text(),"
        " (await back.arrayBuffer()).byteLength, await SVC.size(new Response('x'.repeat(400000)).body)];"
    )
    assert found == [["POST", "http://x/y", "1", "text"], 201, "2", "hello", 1000000, 400000]


async def test_a_stream_that_comes_straight_back_may_be_read_later(target: Neighbours):
    found = await target.ask(
        "const back = await SVC.echo(new Response('x'.repeat(400000)).body);"
        " await scheduler.wait(150);"  # the target has come to rest, and what it holds is still wanted
        " return (await new Response(back).text()).length;"
    )
    assert found == 400000


async def test_a_method_is_traced_by_its_name(target: Neighbours):
    listener = Listener()
    await target.ask("return await SVC.add(1, 2);", listener.invocation())
    call: Any = listener.ended[0]
    assert (call.binding, call.operation, call.subject, call.error) == ("SVC", "add", "add()", None)


async def test_the_target_may_end_while_a_stub_is_held(target: Neighbours):
    async def close() -> None:
        for _ in range(500):
            channels = target.workers["target"].channels
            if channels and channels[0].exports:
                channels[0].close()
                return
            await asyncio.sleep(0.01)

    task = asyncio.create_task(close())
    found = await target.ask(
        "const c = await SVC.counter(); await new Promise((r) => setTimeout(r, 300));"
        " return failure(() => c.increment());"
    )
    await task
    assert found == ["Error", "The RPC stub is broken: the isolate that it pointed to has ended."]
