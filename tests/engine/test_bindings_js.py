"""The bindings as JavaScript sees them, in a real isolate; expected values are those Miniflare gave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bindingkit import FakeEnvironments
from storekit import ANA, opened
from workerkit import Lab, lab, request

from engine import namespaces
from engine.bindings.kv import Kv
from engine.bindings.overlay import Overlay
from engine.bindings.service import Service
from engine.bindings.unavailable import Unavailable
from engine.bindings.variable import Json, PlainText, SecretText, VersionMetadata
from engine.runtime.http import Response, read
from engine.runtime.invocation import Invocation

# Each case of CASES runs on its own; its outcome is ["P", value], ["rejects", text] or ["throws", text].
WORKER = """
const show = (v) => v === undefined ? "undefined" : v instanceof Map ? ["Map", ...v] : v;
async function outcome(run) {
  let promise;
  try { promise = run(); } catch (e) { return ["throws", String(e)]; }
  try { return [promise instanceof Promise ? "P" : "?", show(await promise)]; }
  catch (e) { return ["rejects", String(e)]; }
}
export default { async fetch(request, env, ctx) {
  const { KV, SVC } = env;
  const results = [];
  for (const run of [CASES]) results.push(await outcome(run));
  return Response.json(results);
} };
"""


async def ask(made: Lab, bindings: list[Any], cases: list[str]) -> list[Any]:
    """The outcomes of some JavaScript expressions."""
    code = WORKER.replace("CASES", ", ".join(f"() => ({case})" for case in cases))
    worker = await made.worker(code, bindings=bindings)
    found: list[Any] = json.loads(await made.text(worker))
    return found


@pytest.fixture
async def made():
    async with lab() as opened_lab:
        yield opened_lab


@pytest.fixture
async def notes(tmp_path: Path):
    with opened(tmp_path / "state") as store:
        yield Kv("KV", store, (await namespaces.create(store, "notes", ANA)).id)


def not_of_type(method: str, position: int, kind: str, of: str = "KvNamespace") -> str:
    return f"TypeError: Failed to execute '{method}' on '{of}': parameter {position} is not of type '{kind}'."


async def check(made: Lab, bindings: list[Any], expected: dict[str, list[Any]]) -> None:
    outcomes = await ask(made, bindings, list(expected))
    assert dict(zip(expected, outcomes, strict=True)) == expected


async def test_kv_values_and_their_types(made: Lab, notes: Kv):
    await check(
        made,
        [notes],
        {
            'KV.put("a", "é", {metadata: {x: 1}})': ["P", "undefined"],
            'KV.get("a")': ["P", "é"],
            'KV.get("a", null)': ["P", "é"],
            'KV.get("a", {type: "arrayBuffer"}).then((b) => [b instanceof ArrayBuffer, b.byteLength])': [
                "P",
                [True, 2],
            ],
            'KV.get("a", "stream").then((s) => new Response(s).text())': ["P", "é"],
            'KV.getWithMetadata("a")': ["P", {"value": "é", "metadata": {"x": 1}, "cacheStatus": None}],
            'KV.getWithMetadata("none")': ["P", {"value": None, "metadata": None, "cacheStatus": None}],
            'KV.get("none", "bogus")': ["P", None],
            'KV.put("j", \'{"a":[1]}\')': ["P", "undefined"],
            'KV.get("j", "json")': ["P", {"a": [1]}],
            'KV.get(["a", "none"])': ["P", ["Map", ["a", "é"], ["none", None]]],
            'KV.getWithMetadata(["a"])': ["P", ["Map", ["a", {"value": "é", "metadata": {"x": 1}}]]],
            'KV.put("n", 42).then(() => KV.get("n"))': ["P", "42"],
            'KV.put("n", new Uint8Array([1, 65, 66]).subarray(1)).then(() => KV.get("n"))': ["P", "AB"],
            'KV.put("n", new Response("body").body).then(() => KV.get("n"))': ["P", "body"],
            'KV.put("n", "").then(() => KV.get("n", "stream")).then((s) => new Response(s).text())': [
                "P",
                "",
            ],
            'KV.delete("n").then(() => KV.get("n"))': ["P", None],
            'KV.list({prefix: "a"})': [
                "P",
                {"keys": [{"name": "a", "metadata": {"x": 1}}], "list_complete": True, "cacheStatus": None},
            ],
            "KV.list(null).then((page) => page.keys.length)": ["P", 2],
        },
    )


async def test_kv_refusals(made: Lab, notes: Kv):
    types = 'Possible types are "text", "arrayBuffer", "json", and "stream".'
    values = "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values."
    await check(
        made,
        [notes],
        {
            "KV.get()": [
                "throws",
                not_of_type("get", 1, "string or Array"),
            ],
            'KV.get("")': ["rejects", "TypeError: Key name cannot be empty."],
            'KV.get("..")': ["rejects", 'TypeError: ".." is not allowed as a key name.'],
            'KV.get("é".repeat(257))': [
                "rejects",
                "Error: KV GET failed: 414 UTF-8 encoded length of 514 exceeds key length limit of 512.",
            ],
            'KV.get("é".repeat(256))': ["P", None],
            'KV.put("a", "{no")': ["P", "undefined"],
            'KV.get("a", "bogus")': ["rejects", f"TypeError: Unknown response type. {types}"],
            'KV.get("a", {cacheTtl: "x"})': [
                "rejects",
                "Error: KV GET failed: 400 Invalid cache_ttl of 0. Cache TTL must be at least 30.",
            ],
            'KV.put("a", {})': ["rejects", f"TypeError: {values}"],
            'KV.put("a", new Blob([]))': ["rejects", f"TypeError: {values}"],
            'KV.put("a")': [
                "rejects",
                not_of_type("put", 2, "string or JsObject"),
            ],
            'KV.put("a", "b", "c")': [
                "rejects",
                not_of_type("put", 3, "PutOptions"),
            ],
            'KV.put("a", "b", {expirationTtl: 30})': [
                "rejects",
                "Error: KV PUT failed: 400 Invalid expiration_ttl of 30. Expiration TTL must be at least 60.",
            ],
            'KV.put("a", "b", {expirationTtl: "60"})': ["P", "undefined"],
            'KV.put("a", "b", {expirationTtl: 1e12})': [
                "rejects",
                "TypeError: Value out of range. Must be between -2147483648 and 2147483647 (inclusive).",
            ],
            'KV.put("\\ud800", "b")': ["rejects", "Error: KV PUT failed: 400 Could not URL-decode key name"],
            "new KV.constructor()": ["throws", "TypeError: Illegal constructor"],
            "[KV.constructor.name, String(KV), Object.keys(KV)]": [
                "?",
                ["KvNamespace", "[object KvNamespace]", []],
            ],
        },
    )


async def test_kv_values_of_25_mib_pass_and_larger_ones_do_not(made: Lab, notes: Kv):
    await check(
        made,
        [notes],
        {
            'KV.put("big", new Uint8Array(26214401))': [
                "rejects",
                "Error: KV PUT failed: 413 Value length of 26214401 exceeds limit of 26214400.",
            ],
            'KV.put("big", "y".repeat(26214400)).then(() => KV.get("big")).then((text) => text.length)': [
                "P",
                26214400,
            ],
        },
    )


async def test_user_code_cannot_break_kv_for_itself_by_polluting_prototypes(made: Lab, notes: Kv):
    await check(
        made,
        [notes],
        {
            "(Object.prototype.metadata = 1, Object.prototype.type = 'json', Map.prototype.set = null,"
            " Array.prototype[Symbol.iterator] = null, KV.put('a', 'text'))": ["P", "undefined"],
            "KV.get('a')": ["P", "text"],
            "KV.get(['a']).then((map) => map.get('a'))": ["P", "text"],
        },
    )


async def test_a_sandboxed_worker_keeps_its_writes_back(made: Lab, notes: Kv):
    code = """export default { async fetch(request, env) {
      await env.KV.put("a", "draft");
      return new Response((await env.KV.get("a")) + (await env.KV.list()).keys.length); } };"""
    worker = await made.worker(code, bindings=[notes])
    overlay = Overlay()
    calls = []
    invocation = Invocation("s", "staging", "sandbox", overlay, on_call=calls.append)
    response = await worker.fetch(request(), invocation)
    assert await read(response.body) == b"draft1"
    assert [(call.operation, call.subject, call.result, call.kept_back) for call in calls] == [
        ("put", "a", "5 B", True),
        ("get", "a", "5 B", False),
        ("list", "*", "1 key", False),
    ]
    assert [item.subject for item in overlay.since()] == ["a"]


async def test_services(made: Lab):
    environments = FakeEnvironments()

    async def target(sent, invocation) -> Response:
        body = (await read(sent.body)).decode()
        if sent.url.endswith("/redirect"):
            return Response(302, "Found", [("location", "/there")])
        return Response(200, "Fine", [("x-a", "1")], f"{sent.method} {sent.url} {body}".encode())

    environments.targets["other/staging"] = target
    await check(
        made,
        [Service("SVC", environments, "other", "staging")],
        {
            'SVC.fetch("http://x/a?b#c").then(async (r) => [r.statusText, r.url, await r.text()])': [
                "P",
                ["Fine", "http://x/a?b", "GET http://x/a?b "],
            ],
            'SVC.fetch(new Request("http://x/", {method: "POST", body: "hi"})).then((r) => r.text())': [
                "P",
                "POST http://x/ hi",
            ],
            'SVC.fetch("http://x/redirect").then(async (r) => [r.redirected, r.url])': [
                "P",
                [True, "http://x/there"],
            ],
            'SVC.fetch("http://x/redirect", {redirect: "manual"}).then((r) => r.status)': ["P", 302],
            "SVC.fetch()": [
                "rejects",
                not_of_type("fetch", 1, "Request or string", "Fetcher"),
            ],
            'SVC.fetch("/relative")': ["rejects", "TypeError: Invalid URL: /relative"],
            "[String(SVC), SVC.constructor.name]": ["?", ["[object Fetcher]", "Fetcher"]],
        },
    )


async def test_values_and_what_is_not_available(made: Lab):
    bindings = [
        PlainText("TEXT", {"text": "t"}),
        SecretText("KEY", {"text": "s"}),
        Json("DATA", {"json": {"a": [1]}}),
        VersionMetadata("CF", {"id": "1", "tag": "", "timestamp": "now"}),
        Unavailable("AI", "ai"),
    ]
    await check(
        made,
        bindings,
        {
            "[env.TEXT, env.KEY, env.DATA, env.CF]": [
                "?",
                ["t", "s", {"a": [1]}, {"id": "1", "tag": "", "timestamp": "now"}],
            ],
            "env.AI.run('x')": ["throws", 'Error: Binding "AI" (ai) is not available on this machine.'],
            "env.AI()": ["throws", 'Error: Binding "AI" (ai) is not available on this machine.'],
            "(console.log(env.AI), Promise.resolve(typeof env.AI))": ["P", "function"],
        },
    )
