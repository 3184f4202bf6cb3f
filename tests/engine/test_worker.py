"""A worker answers requests as Workers does: handlers, context, bodies, console, errors."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
from workerkit import ORIGIN, Lab, lab, request

from engine.bindings.binding import Binding, BindingError, Result
from engine.model import Module
from engine.runtime.errors import Canceled, HungError, ScriptException, StartupError
from engine.runtime.http import Body, read
from engine.runtime.invocation import Invocation


@pytest.fixture
async def bench() -> AsyncIterator[Lab]:
    async with lab() as made:
        yield made


class Echo(Binding):
    """Answers with what it was asked."""

    type: ClassVar[str] = "service"

    def __init__(self, name: str = "ECHO") -> None:
        super().__init__(name)
        self.callers: list[str] = []

    async def call(self, invocation: Invocation, operation: str, args: list[Any], body: Body) -> Result:
        self.callers.append(invocation.service)
        sent = args[0]
        if sent["url"].endswith("/fail"):
            raise BindingError("it broke", "RangeError")
        await asyncio.sleep(0.001)
        content = await read(body)
        value = {
            "status": 200,
            "statusText": "",
            "headers": sent["headers"],
            "url": sent["url"],
            "redirected": False,
        }
        return Result(value, content or b"nothing")


async def test_a_module_answers_with_status_headers_and_body(bench: Lab) -> None:
    worker = await bench.worker("""
        export default {
          async fetch(request, env, ctx) {
            const { method, url, headers } = request;
            const body = `${method} ${url} ${headers.get("X-One")} ${await request.text()}`;
            const cookies = [["set-cookie", "a=1"], ["set-cookie", "b=2"]];
            return new Response(body, { status: 201, statusText: "Made", headers: cookies });
          },
        };""")
    answer = await bench.fetch(worker, "/a?b=ü", "POST", [("x-one", "1"), ("X-ONE", "é")], "größe".encode())
    assert (answer.status, answer.status_text) == (201, "Made")
    assert [value for name, value in answer.headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert await read(answer.body) == f"POST {ORIGIN}/a?b=ü 1, é größe".encode()


async def test_a_class_is_made_for_each_event(bench: Lab) -> None:
    worker = await bench.worker("""
        import { WorkerEntrypoint } from "cloudflare:workers";
        export default class extends WorkerEntrypoint {
          count = 0;
          fetch(request) {
            return new Response(`${++this.count} ${typeof this.ctx.waitUntil} ${Object.keys(this.env)}`);
          }
        }
        export class Admin extends WorkerEntrypoint {
          fetch() { return new Response(`admin ${this.ctx.props.who}`); }
        }""")
    assert await bench.text(worker) == "1 function "
    assert await bench.text(worker) == "1 function "
    answer = await worker.fetch(request(), bench.invocation(), entrypoint="Admin", props={"who": "me"})
    assert answer.body == b"admin me"
    assert await worker.describe() == {
        "handlers": ["fetch"],
        "named_handlers": [{"name": "Admin", "handlers": ["fetch"]}],
    }


async def test_the_service_worker_format(bench: Lab) -> None:
    worker = await bench.worker(
        """
        addEventListener("fetch", (event) => {
          if (event.request.url.endsWith("/throw")) throw new RangeError("no");
          event.waitUntil(Promise.resolve().then(() => console.log("later")));
          event.respondWith(new Response("classic " + typeof ECHO.fetch));
        });
        addEventListener("scheduled", (event) => console.log(event.cron));""",
        kind="script",
        bindings=[Echo()],
    )
    assert await bench.text(worker) == "classic function"
    with pytest.raises(ScriptException, match="no"):
        await bench.fetch(worker, "/throw")
    await worker.dispatch("scheduled", {"scheduledTime": 0, "cron": "* * * * *"}, None, bench.invocation())
    assert bench.said == ["later", "* * * * *"]
    assert (await worker.describe())["handlers"] == ["fetch", "scheduled"]


async def test_other_events_give_a_value(bench: Lab) -> None:
    worker = await bench.worker("""
        export default {
          async tail(events, env, ctx) { return { seen: events.length, none: undefined }; },
        };""")
    assert await worker.dispatch("tail", [1, 2], None, bench.invocation()) == {"seen": 2}
    with pytest.raises(ScriptException, match=r"does not export a fetch\(\) function"):
        await bench.fetch(worker)


async def test_large_bodies_go_through_both_ways(bench: Lab) -> None:
    worker = await bench.worker("""
        export default {
          async fetch(request) {
            if (request.url.endsWith("/whole")) {
              const bytes = await request.arrayBuffer();
              return new Response(bytes, { headers: { "x-size": String(bytes.byteLength) } });
            }
            return new Response(request.body);
          },
        };""")
    sent = bytes(range(256)) * 20_000

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(sent), 300_001):
            yield sent[at : at + 300_001]

    for path in ("/stream", "/whole"):
        for body in (sent, chunks()):
            answer = await bench.fetch(worker, path, "POST", body=body)
            assert await read(answer.body) == sent


async def test_a_response_streams_with_backpressure(bench: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "engine.runtime.channel._STUCK_SECONDS", 60
    )  # one isolate counts, however busy the machine
    worker = await bench.worker("""
        let made = 0;
        export default {
          fetch(request) {
            if (request.url.endsWith("/made")) return new Response(String(made));
            return new Response(new ReadableStream({
              pull(controller) {
                controller.enqueue(new Uint8Array(50_000));
                if (++made === 100) controller.close();
              },
            }));
          },
        };""")
    answer = await bench.fetch(worker)
    body = answer.body
    assert body is not None
    assert not isinstance(body, bytes)
    await asyncio.sleep(0.1)
    assert int(await bench.text(worker, "/made")) < 20
    assert len(await read(body)) == 5_000_000
    assert await bench.text(worker, "/made") == "100"


async def test_a_body_that_breaks_raises_to_its_reader(bench: Lab) -> None:
    worker = await bench.worker("""
        export default {
          fetch() {
            let n = 0;
            const pull = (controller) => {
              if (n++) throw new TypeError("broke");
              controller.enqueue(new Uint8Array(3));
            };
            return new Response(new ReadableStream({ pull }));
          },
        };""")
    answer = await bench.fetch(worker)
    with pytest.raises(ScriptException, match="broke"):
        await read(answer.body)


async def test_bindings_get_the_invocation_they_are_called_in(bench: Lab) -> None:
    echo = Echo()
    worker = await bench.worker(
        """
        import { env as shared } from "cloudflare:workers";
        export default {
          async fetch(request, env) {
            const own = await env.ECHO.fetch("http://x/", { method: "POST", body: "given" });
            const module = await shared.ECHO.fetch("http://x/");
            let failure;
            try {
              await env.ECHO.fetch("http://x/fail");
            } catch (error) {
              failure = `${error instanceof RangeError} ${error.message}`;
            }
            return new Response(`${await own.text()} ${await module.text()} ${failure}`);
          },
        };""",
        bindings=[echo],
    )
    assert await bench.text(worker) == "given nothing true it broke"
    assert echo.callers == ["hello"] * 3


async def test_wait_until_keeps_the_invocation_open(bench: Lab) -> None:
    worker = await bench.worker("""
        export default {
          fetch(request, env, ctx) {
            ctx.waitUntil(scheduler.wait(60).then(() => console.log("done")));
            ctx.waitUntil(Promise.reject(new Error("after all")));
            return new Response("early");
          },
        };""")
    invocation = bench.invocation()
    answer = await worker.fetch(request(), invocation)
    assert answer.body == b"early"
    assert bench.said == []
    await asyncio.wait_for(invocation.closed(), 30)
    assert bench.said == ["done"]
    assert [(error.phase, error.message) for error in bench.errors] == [("waituntil", "after all")]


async def test_timers_run_in_order_with_microtasks_between(bench: Lab) -> None:
    worker = await bench.worker("""
        export default {
          async fetch() {
            const seen = [];
            const { promise, resolve } = Promise.withResolvers();
            setTimeout(() => { seen.push("b"); resolve(); }, 20);
            const first = (text) => {
              seen.push(text);
              Promise.resolve().then(() => {}).then(() => seen.push("micro"));
            };
            setTimeout(first, 1, "a1");
            setTimeout(() => seen.push("a2"), 1);
            clearTimeout(setTimeout(() => seen.push("never"), 1));
            let n = 0;
            const { promise: ticks, resolve: enough } = Promise.withResolvers();
            const id = setInterval(() => { if (++n === 3) { clearInterval(id); enough(); } }, 2);
            await promise;
            await ticks;
            return Response.json([seen, n]);
          },
        };""")
    assert await bench.text(worker) == '[["a1","micro","a2","b"],3]'


MAIN = b"""import { say } from './other.js';
export default { fetch() {
  say('x');
  console.warn('w', 1); return new Response('');
} };"""


async def test_the_console_tells_where_it_was_called(bench: Lab) -> None:
    worker = await bench.worker(
        Module("main file.js", "esm", MAIN),
        Module("other.js", "esm", b"export const say = (text) => console.log(text);"),
    )
    await bench.text(worker)
    assert [(line.level, line.text, line.file, line.line, line.column) for line in bench.lines] == [
        ("log", "x", "other.js", 1, 38),
        ("warn", "w 1", "main file.js", 4, 11),
    ]


async def test_an_exception_names_the_users_lines_only(bench: Lab) -> None:
    worker = await bench.worker("""import "cloudflare:workers"; const early = (x) => x.missing.deep;
class Shop {
  async sell() { await null; return early({}); }
}
export default { async fetch() { return await new Shop().sell(); } };""")
    with pytest.raises(ScriptException) as raised:
        await bench.fetch(worker)
    error = raised.value
    assert (error.name, error.message) == (
        "TypeError",
        "Cannot read properties of undefined (reading 'deep')",
    )
    assert [(frame.function, frame.file, frame.line, frame.column) for frame in error.stack] == [
        ("early", "worker.js", 1, 61),
        ("Shop.sell", "worker.js", 3, 37),
        ("Object.fetch", "worker.js", 5, 41),
    ]


@pytest.mark.parametrize(
    ("source", "line", "column", "message"),
    [
        ("\n  throw new Error('global');\nexport default {};", 2, 9, "global"),
        ("export default { a: nothing };", 1, 21, "nothing is not defined"),
        ("await Promise.reject(new Error('late'));\nexport default {}", 1, 22, "late"),
    ],
)
async def test_an_error_in_the_global_scope_has_its_place(
    bench: Lab, source: str, line: int, column: int, message: str
) -> None:
    worker = await bench.worker(source)
    for attempt in (worker.describe(), bench.fetch(worker)):
        with pytest.raises(StartupError, match=message) as raised:
            await attempt
        assert (raised.value.file, raised.value.line, raised.value.column) == ("worker.js", line, column)


async def test_io_in_the_global_scope_is_refused(bench: Lab) -> None:
    worker = await bench.worker("setTimeout(() => {}, 1); export default {};")
    with pytest.raises(StartupError, match="within global scope"):
        await worker.describe()


async def test_a_promise_that_never_settles_is_told_quickly(bench: Lab) -> None:
    worker = await bench.worker("""
        export default { fetch(request) {
          if (request.url.endsWith("/slow")) return scheduler.wait(150).then(() => new Response("slow"));
          if (request.url.endsWith("/stream")) return new Response(new ReadableStream({}));
          return new Promise(() => {});
        } };""")
    with pytest.raises(HungError):
        await asyncio.wait_for(bench.fetch(worker), 2)
    assert await bench.text(worker, "/slow") == "slow"
    answer = await bench.fetch(worker, "/stream")
    with pytest.raises(HungError):
        await asyncio.wait_for(read(answer.body), 30)


async def test_a_client_that_goes_aborts_the_request(bench: Lab) -> None:
    worker = await bench.worker("""
        export default { async fetch(request, env, ctx) {
          request.signal.addEventListener("abort", () => console.log("aborted", request.signal.reason.name));
          console.log("begun");
          await scheduler.wait(60_000);
          return new Response("late");
        } };""")
    invocation, begun, keep = bench.invocation(), asyncio.Event(), bench.lines.append
    invocation.on_console = lambda line: (keep(line), begun.set())
    running = asyncio.ensure_future(worker.fetch(request(), invocation))
    await begun.wait()
    invocation.cancel()
    with pytest.raises(Canceled):
        await running
    await asyncio.wait_for(invocation.closed(), 30)
    assert bench.said == ["begun", "aborted AbortError"]
    assert invocation.outcome == "canceled"


async def test_what_is_not_a_response_is_an_error(bench: Lab) -> None:
    worker = await bench.worker("""
        export default { fetch: ({ url }) => (url.endsWith("/2") ? Response.error() : "text") };""")
    with pytest.raises(ScriptException, match="did not resolve to 'Response'"):
        await bench.fetch(worker)
    with pytest.raises(ScriptException):
        await bench.fetch(worker, "/2")


async def test_thrown_values_of_every_kind_arrive(bench: Lab) -> None:
    worker = await bench.worker("""
        const values = ["text", null, undefined, Symbol("s"), { name: "N", message: "M" }, 7,
          new Proxy({}, { get() { throw 1; } }), Object.create(null)];
        export default { fetch(request) { throw values[+new URL(request.url).search.slice(1)]; } };""")
    messages = []
    for index in range(8):
        with pytest.raises(ScriptException) as raised:
            await bench.fetch(worker, f"/?{index}")
        messages.append(raised.value.message)
    assert messages[:6] == ["text", "null", "undefined", "Symbol()", "M", "7"]


POLLUTION = """
  const stolen = [], { defineProperty } = Object;
  const steal = function () {
    defineProperty(stolen, stolen.length, { __proto__: null, value: [this, arguments] });
  };
  for (const key of ["push", "shift", "slice", "map", "join"]) Array.prototype[key] = steal;
  for (const key of ["get", "set", "has", "delete"]) Map.prototype[key] = steal;
  for (const key of ["set", "subarray", "slice", "constructor"]) Uint8Array.prototype[key] = steal;
  Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), "length", { get: steal });
  Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), "buffer", { get: steal });
  Object.prototype.toJSON = steal;
  for (const key of ["get", "value", "writable", "then", "resolve", "event", "read"]) {
    Object.defineProperty(Object.prototype, key, { __proto__: null, get: steal, set: steal });
  }
  JSON.parse = JSON.stringify = Reflect.apply = String.fromCharCode = Date.now = globalThis.eval = steal;
  Promise.prototype.then = steal;
  Promise.resolve = Promise.withResolvers = Function.prototype.call = Function.prototype.apply = steal;
  Response.prototype.constructor = globalThis.Promise = globalThis.Map = globalThis.Uint8Array = steal;
  Array.prototype[Symbol.iterator] = steal;
"""


async def test_patched_built_ins_neither_break_the_runtime_nor_reach_it(bench: Lab) -> None:
    worker = await bench.worker(
        """
        const original = Response, shared = SharedArrayBuffer, { isView } = ArrayBuffer;
        const TypedArray = Object.getPrototypeOf(Uint8Array);
        const { get } = Object.getOwnPropertyDescriptor(TypedArray.prototype, "buffer");
        const bufferOf = Function.prototype.call.bind(get);
        const headers = new Headers({ "x-a": "b" });
        let check = () => -1;
        export default { fetch(request) {
          if (request.url.endsWith("/check")) return new original(`${check()}`);
          if (!request.url.endsWith("/patch")) return new original("patched", { headers });
        """
        + POLLUTION
        + """
          check = () => {
            let found = 0;
            const look = (value) => {
              if (value instanceof shared || (isView(value) && bufferOf(value) instanceof shared)) found++;
            };
            for (let i = 0; i < stolen.length; i++) {
              look(stolen[i][0]);
              for (let j = 0; j < stolen[i][1].length; j++) look(stolen[i][1][j]);
            }
            return found;
          };
          console.log("still here");
          return new original("patched", { headers });
        } };"""
    )
    for path in ("/patch", "/", "/"):
        answer = await bench.fetch(worker, path, "POST", body=b"body")
        assert answer.body == b"patched"
        assert ("x-a", "b") in answer.headers
    assert await bench.text(worker, "/check") == "0"


async def test_nothing_of_the_host_is_in_the_global_scope(bench: Lab) -> None:
    worker = await bench.worker("""
        export default { fetch() {
          const all = Object.getOwnPropertyNames(globalThis);
          const names = all.filter((name) => /host|__|notify|pump|sync$/i.test(name));
          let values = [];
          Error.prepareStackTrace = (_, sites) => {
            values = sites.flatMap((site) => [site.getThis(), site.getFunction()]);
            return "";
          };
          new Error().stack;
          const reached = values.filter((value) => value !== undefined && value !== globalThis);
          return Response.json([names, reached.length, typeof Atomics.waitAsync]);
        } };""")
    assert await bench.text(worker) == '[[],0,"undefined"]'


async def test_synchronous_calls_take_more_than_their_area_holds(bench: Lab) -> None:
    worker = await bench.worker("""
        export default { async fetch() {
          const random = crypto.getRandomValues(new Uint8Array(65536));
          const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(1000000)));
          return Response.json([new Set(random.slice(-5000)).size > 200, digest.toHex()]);
        } };""")
    digest = hashlib.sha256(bytes(1_000_000)).hexdigest()
    assert await bench.text(worker) == f'[true,"{digest}"]'


async def test_many_requests_at_once(bench: Lab) -> None:
    worker = await bench.worker("""
        export default { async fetch(request) {
          if (Math.random() < 0.3) await scheduler.wait(Math.random() * 5);
          return new Response(await request.text() + new URL(request.url).search);
        } };""")

    async def one(number: int) -> None:
        assert await bench.text(worker, f"/?{number}", "POST", body=b"%d" % number) == f"{number}?{number}"

    await asyncio.gather(*(one(number) for number in range(400)))
