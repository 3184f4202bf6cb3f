"""``ctx.exports``, ``ctx.props`` and what ``cloudflare:workers`` exports beside classes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest
import pytest_asyncio
from enginekit import RunningEngine
from workerkit import Lab, lab, request

from engine.bindings.variable import PlainText
from engine.runtime.errors import ScriptException
from engine.runtime.http import read
from engine.runtime.invocation import Call, Invocation

CODE = """
import {
  WorkerEntrypoint, DurableObject, env, exports, withEnv, withExports, waitUntil,
} from "cloudflare:workers";
export class Greeter extends WorkerEntrypoint {
  greet(name) { return `${this.ctx.props.greeting ?? "Hello"}, ${name}`; }
  fetch(request) { return new Response(`${request.method} ${JSON.stringify(this.ctx.props)}`); }
  get length() { return 5; }
  fail() { throw new RangeError("from the other side"); }
}
export class Lonely extends DurableObject {}
export const plain = { fetch: (request, env, ctx) => new Response(`plain ${JSON.stringify(ctx.props)}`) };
export const settings = { a: 1 };
export const text = "x";
const tests = {
  names: async (ctx) => [Object.keys(ctx.exports).sort(), ctx.exports === ctx.exports,
    Object.keys(exports).sort(), typeof ctx.exports.Greeter, `${ctx.exports.plain}`],
  rpc: async (ctx) => [await ctx.exports.Greeter.greet("you"),
    await ctx.exports.Greeter({ props: { greeting: "Bye" } }).greet("you"),
    await exports.Greeter.greet("module"), await ctx.exports.Greeter.length, ctx.props],
  fetch: async (ctx) => [await (await ctx.exports.Greeter.fetch("http://x/", { method: "PUT" })).text(),
    await (await ctx.exports.plain({ props: { a: 1 } }).fetch("http://x/")).text(),
    await (await ctx.exports.default.fetch("http://x/small")).text()],
  errors: async (ctx) => ctx.exports.Greeter.fail().catch((error) => `${error}`),
  deep: async (ctx) => (await ctx.exports.default.fetch("http://x/deep")).json(),
  env: async () => {
    const before = env.NAME;
    const late = (async () => { await new Promise((done) => setTimeout(done, 5)); return env.NAME; })();
    const inside = await withEnv({ NAME: "other" }, async () => {
      const first = env.NAME;
      await new Promise((done) => setTimeout(done, 1));
      const inner = withEnv({ NAME: "inner" }, () => env.NAME);
      return [first, env.NAME, inner];
    });
    return [before, inside, env.NAME, await late, withExports({ a: 1 }, () => exports.a)];
  },
  wait: async () => { waitUntil(Promise.resolve()); return typeof waitUntil; },
};
export default { async fetch(request, env, ctx) {
  const name = new URL(request.url).pathname.slice(1);
  if (name === "small") return new Response("small");
  return Response.json(await tests[name](ctx));
} };
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0) as made:
        yield made


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "names",
            [
                ["Greeter", "default", "plain"],
                True,
                ["Greeter", "default", "plain"],
                "function",
                "[object Fetcher]",
            ],
        ),
        ("rpc", ["Hello, you", "Bye, you", "Hello, module", 5, {}]),
        ("fetch", ["PUT {}", 'plain {"a":1}', "small"]),
        ("errors", "RangeError: from the other side"),
        ("env", ["given", ["other", "other", "inner"], "given", "given", 1]),
        ("wait", "function"),
    ],
)
async def test_own_entrypoints(bench: Lab, name: str, expected: object) -> None:
    worker = await bench.worker(CODE, bindings=[PlainText("NAME", {"text": "given"})])
    assert orjson.loads(await bench.text(worker, f"/{name}")) == expected
    await worker.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_it_ends(bench: Lab) -> None:
    """One request may cause 32 invocations, its own among them."""
    worker = await bench.worker(CODE)
    with pytest.raises(ScriptException, match="Subrequest depth limit exceeded"):
        await bench.text(worker, "/deep")
    await worker.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_the_trace_has_them(bench: Lab) -> None:
    calls: list[Call] = []
    worker = await bench.worker(CODE)
    response = await worker.fetch(request("/rpc"), Invocation("hello", "production", on_call=calls.append))
    await read(response.body)
    assert ("exports.Greeter", "greet", "greet()") in [(c.binding, c.operation, c.subject) for c in calls]
    await worker.close()


def test_durable_objects(engine: RunningEngine) -> None:
    """A class that a binding names is a namespace there, to whoever asks."""
    code = """import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
    export class Counter extends DurableObject { count = 0; next() { return ++this.count; } }
    export class Other extends WorkerEntrypoint {
      run() { return this.ctx.exports.Counter.getByName("one").next(); }
    }
    export default { async fetch(request, env, ctx) {
      const one = ctx.exports.Counter.getByName("one");
      const two = await env.BOUND.getByName("one").next();
      return Response.json([await one.next(), two, await ctx.exports.Other.run()]);
    } };"""
    engine.deploy(
        "loopback",
        code,
        bindings=[{"type": "durable_object_namespace", "name": "BOUND", "class_name": "Counter"}],
        migrations={"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Counter"]}]},
    )
    assert engine.get("loopback").json() == [2, 1, 3]
