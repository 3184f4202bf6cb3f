"""The Cache API: what is kept and how long, conditional and partial matches, bounds, drafts, restarts."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from bindingkit import chunks, use
from casekit import draft, value
from enginekit import RunningEngine
from storekit import ANA, opened
from workerkit import Lab, lab

from engine import services
from engine.bindings import cache_policy
from engine.bindings.cache import Caches
from engine.bindings.overlay import Overlay
from engine.runtime.http import read
from engine.runtime.invocation import Invocation
from engine.store import Store, cache
from engine.store.cache import Bounds

URL = "http://example.com/page?x=1"
FRESH = [["cache-control", "max-age=60"]]


@pytest.fixture
async def store(tmp_path: Path):
    with opened(tmp_path / "state") as made:
        await services.create(made, "caller", ANA)
        yield made


@pytest.fixture
async def made(store: Store):
    async with lab() as opened_lab:
        opened_lab.runtime.caches = Caches(store)
        yield opened_lab


def invocation(overlay: Overlay | None = None) -> Invocation:
    return draft(overlay)[0]


async def run(made: Lab, body: str, overlay: Overlay | None = None) -> Any:
    return await value(made, [], f"const cache = caches.default, url = {URL!r}; {body}", invocation(overlay))


async def put(caches: Caches, url: str, body: Any, headers: Any = None) -> bool:
    given = FRESH if headers is None else headers
    answer = await use(
        caches,
        "put",
        "",
        url,
        200,
        "",
        given,
        False,
        body=body,
        invocation=invocation(),
    )
    return answer.value


async def get(caches: Caches, url: str, overlay: Overlay | None = None) -> bytes | None:
    answer = await use(caches, "match", "", url, [], invocation=invocation(overlay))
    return None if answer.value is None else await read(answer.body)


async def test_put_match_delete(made: Lab) -> None:
    seen = await run(
        made,
        """
        const none = await cache.match(url);
        const response = new Response("hello", {status: 201, statusText: "Made",
          headers: {"cache-control": "max-age=60", etag: '"a"'}});
        const put = await cache.put(new Request(url, {headers: {"x-a": "1"}}), response);
        const found = await cache.match(url + "#fragment");
        const text = await found.text();
        let frozen; try { found.headers.set("a", "b"); } catch (error) { frozen = error.constructor.name; }
        const other = await (await caches.open("other")).match(url);
        const named = await caches.open("n"); await named.put(url, new Response("named"));
        const kept = await (await (await caches.open("n")).match(url)).text();
        const deleted = [await cache.delete(url), await cache.delete(url), await cache.match(url)];
        return [none, put, response.bodyUsed, found.status, found.statusText, text,
          found.headers.get("cf-cache-status"),
                found.headers.get("etag"), found.headers.get("content-length"), found.url, frozen, other,
                  kept, ...deleted]""",
    )
    assert seen == [
        *(None, None, True, 201, "Made", "hello", "HIT"),
        *('"a"', "5", URL, "TypeError", None, "named", True, False, None),
    ]


async def test_what_is_refused_and_what_is_ignored(made: Lab) -> None:
    seen = await run(
        made,
        """
        const refused = async (request, response) => { try { await cache.put(request, response);
          return "kept"; } catch (error) { return String(error); } };
        const kept = async (headers, status = 200) => {
          const at = "http://example.com/" + Math.random();
          await cache.put(at, new Response("x", {status, headers}));
          const found = await cache.match(at);
          return found === undefined ? false : found.headers.has("set-cookie") ? "cookie" : true;
        };
        const post = new Request(url, {method: "POST"});
        await cache.put(url, new Response("x"));
        return [
          await refused(post, new Response("")), await refused(url, new Response("", {status: 206})),
          await refused(url, new Response("", {headers: {vary: "Accept, *"}})), await refused(url,
            Response.error()),
          await refused("/relative", new Response("")), await refused(url, "text"),
          await refused(url, new Response(null, {status: 304})),
          await kept({}), await kept({vary: "accept"}), await kept({"cache-control": "no-store"}),
            await kept({"cache-control": "private"}),
          await kept({"cache-control": "max-age=0"}), await kept({"cache-control": "max-age=60, s-maxage=0"}),
          await kept({"set-cookie": "a=b", "cache-control": "max-age=60"}),
          await kept({"set-cookie": "a=b", "cache-control": "private=Set-Cookie, max-age=60"}),
          await kept({expires: new Date(Date.now() - 1000).toUTCString()}),
            await kept({expires: new Date(Date.now() + 90000).toUTCString()}),
          await kept({}, 500), await kept({}, 404), await kept({"cache-control": "max-age=60"}, 500),
          await cache.match(post), await cache.delete(post), (await cache.match(post,
            {ignoreMethod: true})).status,
          await cache.delete(post, {ignoreMethod: true}),
        ]""",
    )
    assert seen[:7] == [
        "TypeError: Cannot cache response to non-GET request.",
        "TypeError: Cannot cache response to a range request (206 Partial Content).",
        "TypeError: Cannot cache response with 'Vary: *' header.",
        "TypeError: Cache is unable to store an error response",
        "TypeError: Invalid URL: /relative",
        "TypeError: Failed to execute 'put' on 'Cache': parameter 2 is not of type 'Response'.",
        "kept",
    ]
    assert seen[7:20] == [
        *(True, True, False, False, False, False, False, True, False, True, False, True, True),
    ]
    assert seen[20:] == [None, False, 200, True]


async def test_conditional_and_partial_matches(made: Lab) -> None:
    seen = await run(
        made,
        """
        const changed = "Tue, 24 Nov 2026 10:00:00 GMT";
        await cache.put(url, new Response("0123456789", {headers: {etag: 'W/"v1"',
          "last-modified": changed}}));
        const ask = async (headers) => {
          const found = await cache.match(new Request(url, {headers}));
          return [found.status, await found.text(), found.headers.get("content-range"),
            found.headers.get("content-length")];
        };
        return [await ask({"if-none-match": '"v0", "v1"'}), await ask({"if-none-match": '"v2"',
          "if-modified-since": changed}),
          await ask({"if-modified-since": changed}), await ask({range: "bytes=2-4"}),
            await ask({range: "bytes=-3"}),
          await ask({range: "bytes=20-"}), await ask({range: "bytes=0-1,3-4"}),
            await ask({range: "bytes=0-1", "if-range": '"v9"'}),
          await ask({range: "bytes=8-", "if-range": changed})]""",
    )
    whole = [200, "0123456789", None, "10"]
    assert seen == [
        [304, "", None, None],
        whole,
        [304, "", None, None],
        [206, "234", "bytes 2-4/10", "3"],
        [206, "789", "bytes 7-9/10", "3"],
        [416, "", "bytes */10", None],
        whole,
        whole,
        [206, "89", "bytes 8-9/10", "2"],
    ]


def test_lifetimes() -> None:
    now = 1_000_000.0

    def seconds(status: int = 200, **headers: str) -> float | None:
        fields = [(name.replace("_", "-"), text) for name, text in headers.items()]
        kept = cache_policy.keep(status, fields, now)
        return None if kept is None else kept.lifetime

    assert [seconds(status) for status in (200, 301, 302, 404, 410, 500)] == [
        7200,
        7200,
        1200,
        180,
        180,
        None,
    ]
    assert seconds(Cache_Control='public, max-age=9, S-MaxAge="30"') == 30
    assert seconds(cache_control="max-age=9", cdn_cache_control="max-age=20") == 20
    assert seconds(cache_control="max-age=9", expires=formatdate(now - 5)) == 9
    assert seconds(expires=formatdate(now + 50), date=formatdate(now + 20)) == 30
    assert seconds(expires="0") is None
    assert seconds(cache_control="max-age=x") is None


async def test_an_entry_expires(store: Store) -> None:
    caches = Caches(store)
    assert await put(caches, URL, b"short", [["cache-control", "max-age=1"]])
    assert await get(caches, URL) == b"short"
    for _ in range(200):
        if await get(caches, URL) is None:
            break
        await asyncio.sleep(0.1)
    assert await get(caches, URL) is None
    assert await store.read(cache.total) != (0, 0)
    await put(caches, "http://example.com/next", b"next")  # takes away what has expired
    assert (await store.read(cache.total))[0] == 1


async def test_large_bodies_are_files_that_go_with_their_last_entry(store: Store) -> None:
    caches = Caches(store)
    large = bytes(range(256)) * 1024
    for path in ("a", "b"):
        assert await put(caches, f"http://example.com/{path}", chunks(large[:100_000], large[100_000:]))
    files = list((store.folder / "cache").glob("??/*"))
    assert len(files) == 1
    assert await get(caches, "http://example.com/a") == large
    part = await use(
        caches, "match", "", "http://example.com/a", [["range", "bytes=255-257"]], invocation=invocation()
    )
    assert await read(part.body) == b"\xff\x00\x01"
    for path, left in (("a", 1), ("b", 0)):
        deleted = await use(caches, "delete", "", f"http://example.com/{path}", invocation=invocation())
        assert deleted.value is True
        assert len(list((store.folder / "cache").glob("??/*"))) == left
    assert await put(caches, URL, large)
    assert await put(caches, URL, large)  # again: the same file
    assert await get(caches, URL) == large
    next((store.folder / "cache").glob("??/*")).unlink()
    assert await get(caches, URL) is None


async def test_the_longest_unused_go_when_it_is_full(store: Store) -> None:
    caches = Caches(store, Bounds(entries=3, weight=20_000))
    for name in "abc":
        await put(caches, f"http://example.com/{name}", b"x")
    assert await get(caches, "http://example.com/a") == b"x"
    await put(caches, "http://example.com/d", b"x")
    there = [await get(caches, f"http://example.com/{name}") is not None for name in "abcd"]
    assert there == [True, False, True, True]
    await put(caches, "http://example.com/heavy", b"y" * 18_000)
    entries, weight = await store.read(cache.total)
    assert (entries <= 3, weight <= 20_000) == (True, True)
    assert await get(caches, "http://example.com/heavy") == b"y" * 18_000
    assert await get(caches, "http://example.com/a") is None
    assert not await put(caches, "http://example.com/large", chunks(b"z" * 70_000))


async def test_a_draft_keeps_its_writes_back(made: Lab, store: Store) -> None:
    await run(made, "await cache.put(url, new Response('live'));")
    overlay = Overlay()
    seen = await run(
        made,
        """const before = await (await cache.match(url)).text();
        await cache.put(url, new Response("draft")); await cache.put(url + "2",
          new Response("n".repeat(70000)));
        await cache.put(url + "3", new Response("", {headers: {"cache-control": "no-store"}}));
        const after = await (await cache.match(url)).text();
        const gone = [await cache.delete(url), await cache.match(url) ?? null, await cache.delete(url)];
        await cache.put(url, new Response("draft"));
        return [before, after, ...gone]""",
        overlay,
    )
    assert seen == ["live", "draft", True, None, False]
    assert [(each.binding, each.operation) for each in overlay.since()] == [
        ("caches", each) for each in ("put", "put", "delete", "put")
    ]
    assert await run(made, "return (await cache.match(url)).text()") == "live"
    await overlay.apply(store)
    seen = await run(
        made,
        "const text = async (at) => (await cache.match(at)).text();"
        "return [await text(url), (await text(url + '2')).length]",
    )
    assert seen == ["draft", 70000]


async def test_calls_are_traced(made: Lab) -> None:
    traced, calls = draft(None)
    body = f"""await caches.default.put({URL!r}, new Response("hello")); await caches.default.match({URL!r});
        await caches.default.match("http://example.com/none"); await caches.default.delete({URL!r})"""
    await value(made, [], body, traced)
    assert [(each.kind, each.operation, each.subject, each.result, each.size) for each in calls] == [
        ("cache", "put", "http://example.com/page?…", "stored", 5),
        ("cache", "match", "http://example.com/page?…", "HIT 200", 5),
        ("cache", "match", "http://example.com/none", "MISS", None),
        ("cache", "delete", "http://example.com/page?…", "deleted", None),
    ]


async def test_streams_and_clones(made: Lab) -> None:
    seen = await run(
        made,
        """
        const chunks = (async function* () { for (let i = 0; i < 20;
          i++) yield new Uint8Array(10000).fill(i); })();
        const response = new Response(ReadableStream.from(chunks));
        const [, copy] = await Promise.all([cache.put(url, response.clone()), response.arrayBuffer()]);
        const found = new Uint8Array(await (await cache.match(url)).arrayBuffer());
        const broken = new ReadableStream({ pull(c) { c.error(new Error("broke")); } });
        let failed; try { await cache.put(url, new Response(broken)); } catch (error) { failed = true; }
        return [copy.byteLength, found.length, found[199999],
          (await (await cache.match(url)).arrayBuffer()).byteLength]""",
    )
    assert seen == [200000, 200000, 19, 200000]


async def test_nothing_of_it_in_the_global_scope(made: Lab) -> None:
    worker = await made.worker(
        """const early = caches.default.match("http://example.com/").catch(String);
        export default { async fetch() { return new Response(await early); } }"""
    )
    assert (await made.text(worker)).startswith("Error: Disallowed operation called within global scope.")


COUNTED = """let runs = 0;
export default { async fetch(request, env, ctx) {
  const found = await caches.default.match(request);
  if (found) return found;
  const response = Response.json({ runs: ++runs, from: FROM }, {headers: {"cache-control": "s-maxage=60"}});
  ctx.waitUntil(caches.default.put(request, response.clone()));
  return response;
} }"""


def test_it_outlives_the_engine_and_is_an_environments_own(tmp_path: Path) -> None:
    def ask(engine: RunningEngine, service: str) -> tuple[Any, str | None]:
        answer = engine.get(service, "/counted")
        return answer.json(), answer.headers.get("cf-cache-status")

    engine = RunningEngine(tmp_path / "state")
    try:
        for service in ("one", "two"):
            engine.deploy(service, COUNTED.replace("FROM", repr(service)))
        assert ask(engine, "one") == ({"runs": 1, "from": "one"}, None)
        until = time.monotonic() + 60
        while ask(engine, "one")[1] is None and time.monotonic() < until:
            time.sleep(0.1)
        assert ask(engine, "one")[1] == "HIT"
        assert ask(engine, "two") == ({"runs": 1, "from": "two"}, None)
        kept = ask(engine, "one")[0]
    finally:
        engine.stop()
    engine = RunningEngine(tmp_path / "state")
    try:
        assert ask(engine, "one") == (kept, "HIT")
    finally:
        engine.stop()
