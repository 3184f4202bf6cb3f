"""Compatibility dates and flags: what an older date turns off, and what the global scope may not do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from enginekit import RunningEngine
from workerkit import Lab, lab

from engine.runtime.compatibility import FLAGS, compatibility

TODAY = "2026-11-23"
WORKER = """
import { env } from "cloudflare:workers";
const told = (run) => { try { return run(); } catch (error) { return String(error); } };
export default { fetch(request) {
  const url = "http://example.com/";
  return Response.json([typeof navigator, typeof MessageChannel,
    typeof navigator === "object" && "language" in navigator,
    told(() => new Request(url, { cache: "no-store" }).cache), told(() => new Request(url, {
      cache: "no-cache" }).cache),
    "cache" in request && new Response([]).headers.get("content-type") === null &&
      new WebSocketPair()[0].binaryType === "blob",
      new Request(url, { method: "patch" }).method,
      Object.keys(env).length]);
} };
"""
NOT_IMPLEMENTED = "Error: The 'cache' field on 'RequestInitializerDict' is not implemented."


@pytest.fixture
async def made():
    async with lab() as opened_lab:
        yield opened_lab


async def seen(made: Lab, date: str | None, *flags: str) -> list[Any]:
    worker = await made.worker(WORKER)
    worker.compatibility = compatibility(date, flags)
    found: list[Any] = json.loads(await made.text(worker))
    return found


async def test_dates(made: Lab) -> None:
    modern = ["object", "function", True, "no-store", "no-cache", True, "PATCH", 0]
    assert await seen(made, TODAY) == modern
    assert await seen(made, None) == modern
    unsupported = "TypeError: Unsupported cache mode: no-cache"
    assert await seen(made, "2025-08-06") == [
        *("object", "undefined", True, "no-store", unsupported, False, "PATCH", 0)
    ]
    assert await seen(made, "2024-09-01") == [
        *("object", "undefined", False, NOT_IMPLEMENTED, NOT_IMPLEMENTED, False, "patch", 0)
    ]
    assert (await seen(made, "2022-01-01"))[:3] == ["undefined", "undefined", False]


async def test_a_flag_wins_over_the_date(made: Lab) -> None:
    assert (await seen(made, "2022-01-01", "global_navigator", "cache_option_enabled"))[0::3] == [
        *("object", "no-store", "patch")
    ]
    off = ("no_global_navigator", "cache_option_disabled", "no_upper_case_all_http_methods", "some_other")
    assert (await seen(made, TODAY, *off))[0::3] == ["undefined", NOT_IMPLEMENTED, "patch"]


def test_flags_off() -> None:
    assert compatibility(TODAY, ()).off == ("global_fetch_strictly_public",)
    assert compatibility(TODAY, ["global_fetch_strictly_public"]).public
    assert compatibility("2021-11-02", [flag.on for flag in FLAGS]).off == ()
    everything = compatibility(TODAY, [flag.off for flag in FLAGS]).off
    assert everything == tuple(flag.on for flag in FLAGS)


def test_an_uploads_date_and_flags_count(engine: RunningEngine) -> None:
    engine.deploy("dated", WORKER, compatibility_date="2024-09-01")
    assert engine.get("dated").json()[3] == NOT_IMPLEMENTED
    binding = {"type": "plain_text", "name": "A", "text": "b"}
    engine.deploy("dated", WORKER, compatibility_date=TODAY, bindings=[binding])
    assert engine.get("dated").json()[3:] == ["no-store", "no-cache", True, "PATCH", 1]
    engine.deploy(
        "dated",
        WORKER,
        compatibility_date=TODAY,
        compatibility_flags=["disallow_importable_env"],
        bindings=[binding],
    )
    assert engine.get("dated").json()[-1] == 0


async def test_brotli_by_date(made: Lab) -> None:
    worker_code = """export default { fetch() {
      return new Response("x", { headers: { "content-encoding": "br" } });
    } }"""
    for date, expected in (("2024-04-28", None), ("2024-04-29", "br")):
        worker = await made.worker(worker_code)
        worker.compatibility = compatibility(date, ())
        assert (await made.fetch(worker)).coding == expected


DISALLOWED = (
    "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or connect()), setting a "
    "timeout, and generating random values are not allowed within global scope. To fix this error, perform "
    "this operation within a handler. https://developers.cloudflare.com/workers/runtime-apis/handlers/"
)


@pytest.mark.parametrize(
    "operation",
    [
        'fetch("http://example.com/")',
        "setTimeout(() => {}, 1)",
        "setInterval(() => {}, 1)",
        "crypto.getRandomValues(new Uint8Array(1))",
        "crypto.randomUUID()",
        'crypto.subtle.generateKey("Ed25519", true, ["sign"])',
        'caches.default.match("http://example.com/")',
        'new WebSocket("ws://example.com/")',
        "scheduler.wait(1)",
        "AbortSignal.timeout(1)",
    ],
)
async def test_what_the_global_scope_may_not_do(made: Lab, operation: str) -> None:
    worker = await made.worker(
        f"""let told;
        try {{ told = await {operation}; }} catch (error) {{ told = error.message; }}
        export default {{ fetch() {{ return new Response(String(told)); }} }}"""
    )
    assert await made.text(worker) == DISALLOWED


async def test_what_the_global_scope_may_do(made: Lab) -> None:
    worker = await made.worker(
        """const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(4));
        const text = await new Response("text").text();
        queueMicrotask(() => {});
        const signal = new AbortController().signal, url = new URL("http://a/b?c"), random = Math.random();
        clearTimeout(1);
        export default { fetch() { return Response.json([digest.byteLength, text, signal.aborted,
          url.search, random < 1]); } }"""
    )
    assert json.loads(await made.text(worker)) == [32, "text", False, "?c", True]
