import { attempt, stream } from "./check.js";

const url = (path) => `http://cache.example/${path}`;
const kept = (body = "kept", headers = {}, more = {}) =>
  new Response(body, { headers: { "cache-control": "max-age=100", ...headers }, ...more });
const shown = async (response) => response && [response.status, await response.text()];
const put = (path, response, cache = caches.default) => cache.put(url(path), response);
const match = async (path, options, cache = caches.default) => shown(await cache.match(typeof path === "string" ? url(path) : path, options));
const request = (path, options) => new Request(url(path), options);

export const checks = {
  "put answers": () => put("a", kept()),
  "hit": () => match("a"),
  "hit by request": async () => match(request("a")),
  "hit by URL object": async () => shown(await caches.default.match(new URL(url("a")))),
  "miss": async () => caches.default.match(url("missing")),
  "status header": async () => (await caches.default.match(url("a"))).headers.get("cf-cache-status"),
  "headers": async () => {
    await put("h", kept("x", { "content-type": "text/css", "x-own": "1", etag: '"e"' }));
    const { headers } = await caches.default.match(url("h"));
    return ["content-type", "x-own", "etag", "cache-control"].map((name) => headers.get(name));
  },
  "headers cannot change": async () => (await caches.default.match(url("a"))).headers.set("a", "b"),
  "query counts": async () => (await put("q?a=1", kept("q")), [await match("q?a=1"), await match("q"), await match("q?a=2")]),
  "fragment does not": () => match("q?a=1#part"),
  "body is taken": async () => {
    const response = kept();
    await put("a", response);
    return response.bodyUsed;
  },
  "used body": async () => {
    const response = kept();
    await response.text();
    await put("used", response);
  },
  "stream": async () => (await put("s", kept(stream("one ", "two"))), match("s")),
  "no body": async () => (await put("null", kept(null)), match("null")),
  "status 404": async () => (await put("404", kept("no", {}, { status: 404 })), match("404")),
  "status 500": async () => (await put("500", kept("no", {}, { status: 500 })), match("500")),
  "status 301": async () => (await put("301", kept(null, { location: "/" }, { status: 301 })), (await caches.default.match(url("301")))?.status),
  "status 206": () => put("206", kept("x", {}, { status: 206 })),
  "status 304": () => put("304", kept(null, {}, { status: 304 })),
  "vary *": () => put("vary", kept("x", { vary: "*" })),
  "vary": async () => (await put("vary", kept("x", { vary: "accept" })), match("vary")),
  "no-store": async () => (await put("no-store", kept("x", { "cache-control": "no-store" })), match("no-store")),
  "private": async () => (await put("private", kept("x", { "cache-control": "private, max-age=9" })), match("private")),
  "max-age of 0": async () => (await put("zero", kept("x", { "cache-control": "max-age=0" })), match("zero")),
  "s-maxage first": async () => (await put("shared", kept("x", { "cache-control": "max-age=0, s-maxage=100" })), match("shared")),
  "expires": async () => (await put("expires", new Response("x", { headers: { expires: new Date(Date.now() + 1e6).toUTCString() } })), match("expires")),
  "expired": async () => (await put("expired", new Response("x", { headers: { expires: new Date(0).toUTCString() } })), match("expired")),
  "no header": async () => (await put("plain", new Response("x")), match("plain")),
  "cookie": async () => (await put("cookie", kept("x", { "set-cookie": "a=b" })), match("cookie")),
  "cookie kept private": async () => {
    await put("cookie2", kept("x", { "set-cookie": "a=b", "cache-control": "private=set-cookie, max-age=9" }));
    const found = await caches.default.match(url("cookie2"));
    return found && [found.status, found.headers.get("set-cookie")];
  },
  "put POST": () => caches.default.put(request("p", { method: "POST" }), kept()),
  "put HEAD": () => caches.default.put(request("p", { method: "HEAD" }), kept()),
  "match POST": () => match(request("a", { method: "POST" })),
  "match POST, ignoring it": () => match(request("a", { method: "POST" }), { ignoreMethod: true }),
  "match HEAD": () => match(request("a", { method: "HEAD" })),
  "delete": async () => (await put("d", kept()), [await caches.default.delete(url("d")), await match("d"), await caches.default.delete(url("d"))]),
  "delete POST": () => caches.default.delete(request("a", { method: "POST" })),
  "delete POST, ignoring it": async () => (await put("d", kept()), caches.default.delete(request("d", { method: "POST" }), { ignoreMethod: true })),
  "if-none-match": async () => {
    await put("etag", kept("x", { etag: '"thing"' }));
    const ask = async (value) => (await caches.default.match(request("etag", { headers: { "if-none-match": value } }))).status;
    return [await ask('"thing"'), await ask('"other"'), await ask('W/"thing"'), await ask("*")];
  },
  "if-modified-since": async () => {
    const at = (seconds) => new Date(1_700_000_000_000 + seconds * 1000).toUTCString();
    await put("modified", kept("x", { "last-modified": at(0) }));
    const ask = async (seconds) => (await caches.default.match(request("modified", { headers: { "if-modified-since": at(seconds) } }))).status;
    return [await ask(0), await ask(10), await ask(-10)];
  },
  "range": async () => {
    await put("range", kept("0123456789", { "content-length": "10" }));
    const ask = async (range) => {
      const found = await caches.default.match(request("range", { headers: { range } }));
      return found && [found.status, await found.text(), found.headers.get("content-range")];
    };
    return [await ask("bytes=2-4"), await ask("bytes=-3"), await ask("bytes=7-"), await ask("bytes=0-99")];
  },
  "range beyond": async () => (await caches.default.match(request("range", { headers: { range: "bytes=50-60" } })))?.status,
  "open": async () => {
    const own = await caches.open("own");
    await put("a", kept("own"), own);
    return [own === caches.default, await match("a", {}, own), await match("a"), await match("a", {}, await caches.open("own")), await match("a", {}, await caches.open("other"))];
  },
  "open without a name": () => caches.open(),
  "open default": async () => (await caches.open("default")) === caches.default,
  "has no has": () => caches.has("own"),
  "has no keys": () => caches.default.keys(),
  "has no add": () => caches.default.add(url("a")),
  "has no addAll": () => caches.default.addAll([]),
  "has no matchAll": () => caches.default.matchAll(),
  "put without arguments": () => caches.default.put(),
  "put without a response": () => caches.default.put(url("a")),
  "put of no response": () => caches.default.put(url("a"), "text"),
  "match without arguments": () => caches.default.match(),
  "match of no URL": () => caches.default.match("not a url"),
  "put of no URL": () => caches.default.put("/a", kept()),
  "classes": () => [caches.constructor.name, caches.default.constructor.name, `${caches}`, `${caches.default}`, typeof Cache, typeof CacheStorage],
  "no constructor": async () => [await attempt(() => new Cache()), await attempt(() => new CacheStorage())],
  "a redirected put": async () => (await put("to", new Response(null, { status: 302, headers: { location: "/x" } })), match("to")),
};
