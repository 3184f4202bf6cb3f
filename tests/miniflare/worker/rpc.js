import { attempt, stream, text } from "./check.js";

const asked = async (response) => [response.status, await response.json()];

export const checks = {
  "fetch": async ({ TARGET }) => asked(await TARGET.fetch("http://target/path?q=1", { headers: { "x-own": "1" } })),
  "fetch POST": async ({ TARGET }) => asked(await TARGET.fetch("http://target/", { method: "POST", body: "sent" })),
  "fetch of a request": async ({ TARGET }) => asked(await TARGET.fetch(new Request("http://target/r", { method: "PUT", body: stream("a", "b") }))),
  "fetch of a path": ({ TARGET }) => TARGET.fetch("/path"),
  "fetch of nothing": ({ TARGET }) => TARGET.fetch(),
  "fetch that throws": ({ TARGET }) => TARGET.fetch("http://target/throw"),
  "fetch that throws no error": ({ TARGET }) => TARGET.fetch("http://target/throw-text"),
  "fetch without a response": ({ TARGET }) => TARGET.fetch("http://target/nothing"),
  "redirect is not followed": async ({ TARGET }) => (await TARGET.fetch("http://target/redirect", { redirect: "manual" })).status,
  "redirect": async ({ TARGET }) => {
    const found = await TARGET.fetch("http://target/redirect");
    return [found.status, found.redirected, found.url];
  },
  "response": async ({ TARGET }) => {
    const found = await TARGET.fetch("http://target/teapot");
    return [found.status, found.statusText, found.headers.get("x-own"), found.ok, found.url];
  },
  "socket": async ({ TARGET }) => {
    const { webSocket, status } = await TARGET.fetch("http://target/socket", { headers: { upgrade: "websocket" } });
    webSocket.accept();
    const answer = new Promise((resolve) => webSocket.addEventListener("message", (event) => resolve(event.data)));
    webSocket.send("hi");
    return [status, await answer];
  },
  "call": ({ TARGET }) => TARGET.add(1, 2),
  "call of nothing": ({ TARGET }) => TARGET.nothing(),
  "nothing, read": ({ TARGET }) => TARGET.nothing,
  "no arguments": ({ TARGET }) => TARGET.give(),
  "values": ({ TARGET }) => TARGET.give({ a: [1, "x", null, undefined, true], d: new Date(1), m: new Map([["k", new Set([1])]]), n: 5n, r: /x/g }),
  "numbers": ({ TARGET }) => TARGET.give([NaN, Infinity, -0, 2 ** 53]),
  "bytes": ({ TARGET }) => TARGET.give([new Uint8Array([1, 2]), new Uint16Array([3]).buffer, new DataView(new ArrayBuffer(2))]),
  "error given": ({ TARGET }) => TARGET.give(new TypeError("given")),
  "cycle": ({ TARGET }) => {
    const made = {};
    made.self = made;
    return TARGET.give(made).then((found) => found.self === found);
  },
  "own class": ({ TARGET }) => TARGET.give(new (class Own {})()),
  "symbol": ({ TARGET }) => TARGET.give(Symbol("s")),
  "weak map": ({ TARGET }) => TARGET.give(new WeakMap()),
  "promise given": ({ TARGET }) => TARGET.give(Promise.resolve(5)),
  "headers": ({ TARGET }) => TARGET.give(new Headers({ a: "b" })),
  "request": async ({ TARGET }) => {
    const found = await TARGET.give(new Request("http://x/y", { method: "POST", body: "body" }));
    return [found.constructor.name, found.method, found.url, await found.text()];
  },
  "response given": async ({ TARGET }) => {
    const found = await TARGET.give(new Response("body", { status: 201, headers: { a: "b" } }));
    return [found.constructor.name, found.status, found.headers.get("a"), await found.text()];
  },
  "stream": async ({ TARGET }) => text(await TARGET.give(stream("one ", "two"))),
  "stream of numbers": async ({ TARGET }) => TARGET.give(new ReadableStream({ start(c) { c.enqueue(1); c.close(); } })).then((found) => found.getReader().read()),
  "abort signal": async ({ TARGET }) => (await TARGET.aborted(AbortSignal.abort())),
  "function": ({ TARGET }) => TARGET.callMe((n) => n * 2, 21),
  "function that throws": ({ TARGET }) => TARGET.callMe(() => { throw new SyntaxError("in the caller"); }, 1),
  "function back": async ({ TARGET }) => {
    const next = await TARGET.counter(10);
    return [await next(), await next(5), typeof next, next.constructor.name];
  },
  "target back": async ({ TARGET }) => {
    using counter = await TARGET.target(1);
    return [await counter.up(), await counter.up(), await counter.value, counter.constructor.name];
  },
  "target's private": async ({ TARGET }) => (await TARGET.target(1)).hidden(),
  "target's instance property": async ({ TARGET }) => (await TARGET.target(1)).own,
  "target's missing method": async ({ TARGET }) => (await TARGET.target(1)).down(),
  "pipelined": ({ TARGET }) => TARGET.target(5).up(),
  "pipelined value": ({ TARGET }) => TARGET.target(5).value,
  "pipelined through an object": ({ TARGET }) => TARGET.give({ a: { b: 7 } }).a.b,
  "pipelined to nothing": ({ TARGET }) => TARGET.give({}).a.b,
  "disposed": async ({ TARGET }) => {
    const counter = await TARGET.target(1);
    counter[Symbol.dispose]();
    return counter.up();
  },
  "disposed twice": async ({ TARGET }) => {
    const counter = await TARGET.target(1);
    return [counter[Symbol.dispose](), counter[Symbol.dispose]()];
  },
  "dup": async ({ TARGET }) => {
    const counter = await TARGET.target(1), other = counter.dup();
    counter[Symbol.dispose]();
    return other.up();
  },
  "results have dispose": async ({ TARGET }) => [typeof (await TARGET.give({}))[Symbol.dispose], typeof (await TARGET.give([]))[Symbol.dispose]],
  "getter": ({ TARGET }) => TARGET.property,
  "getter that throws": ({ TARGET }) => TARGET.bad,
  "field": ({ TARGET }) => TARGET.field,
  "env is not read": ({ TARGET }) => TARGET.env,
  "ctx is not read": ({ TARGET }) => TARGET.ctx,
  "constructor is not called": ({ TARGET }) => TARGET.constructor(),
  "Object's methods": ({ TARGET }) => TARGET.toString(),
  "lifecycle is not called": ({ TARGET }) => TARGET.scheduled({}),
  "error": ({ TARGET }) => TARGET.fail("RangeError", "too far"),
  "error's class": ({ TARGET }) => TARGET.fail("TypeError", "x").catch((error) => [error instanceof TypeError, Object.keys(error), typeof error.stack]),
  "own error": ({ TARGET }) => TARGET.failOwn().catch((error) => [error.name, error.message, error.constructor.name, error.code, error.cause?.message]),
  "text thrown": ({ TARGET }) => TARGET.failText(),
  "object thrown": ({ TARGET }) => TARGET.failObject(),
  "promise rejected": ({ TARGET }) => TARGET.failLater(),
  "named": ({ NAMED }) => NAMED.hello("you"),
  "named props": ({ NAMED }) => NAMED.props(),
  "named fetch": async ({ NAMED }) => (await NAMED.fetch("http://named/")).text(),
  "named, another's method": ({ NAMED }) => NAMED.add(1, 2),
  "object's method": ({ PLAIN }) => PLAIN.greet("you"),
  "object's fetch": async ({ PLAIN }) => (await PLAIN.fetch("http://plain/")).text(),
  "too many arguments for an object": ({ PLAIN }) => PLAIN.many(1, 2),
  "binding": ({ TARGET }) => [typeof TARGET, TARGET.constructor.name, `${Object.prototype.toString.call(TARGET)}`, typeof TARGET.anything, typeof TARGET.then],
  "32 MiB": ({ TARGET }) => TARGET.size("x".repeat(33 * 1024 * 1024)),
  "env of the target": ({ TARGET }) => TARGET.variable(),
  "methods sent": ({ TARGET }) => TARGET.callMethod({ run: (n) => n + 1 }),
  "reads after use": async ({ TARGET }) => {
    const sent = stream("x");
    await TARGET.give(sent);
    return attempt(() => text(sent));
  },
};
