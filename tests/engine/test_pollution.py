"""Accessors that a script puts on built-in prototypes break neither its headers nor the runtime."""

from __future__ import annotations

import json

import pytest
from workerkit import Lab, lab

POLLUTE = """
let calls = 0;
for (const target of TARGETS) {
  for (const key of KEYS) {
    Object.defineProperty(target, key, {
      configurable: true, get() { calls++; return 77; }, set(value) { calls++; },
    });
  }
}
"""

WORKER = """
POLLUTE
export default { async fetch(request, env, ctx) {
  const headers = new Headers({ "x-a": "1", "x-b": "2" });
  headers.append("x-a", "3"); headers.append("set-cookie", "c=1"); headers.append("set-cookie", "d=2");
  headers.set("x-b", "4"); headers.set("x-new", "5"); headers.delete("x-missing"); headers.append("x-c",
    "6"); headers.append("x-c", "7"); headers.set("x-c", "8");
  let listed = "";
  headers.forEach((value, name) => { listed += `${name}=${value};`; });
  const sent = await new Request("http://a.example/?q=1", { method: "POST", body: "text", headers }).text();
  await new Promise((resolve) => setTimeout(resolve, 1));
  const target = new EventTarget();
  let heard = 0;
  target.addEventListener("x", () => heard++); target.addEventListener("x", () => heard++);
    target.dispatchEvent(new Event("x"));
  console.log("said", 1);
  ctx.waitUntil(Promise.resolve());
  const random = crypto.randomUUID().length;
  const cloned = structuredClone(new Map([["k", "v"]])).size;
  const decoded = new TextDecoder().decode(new Uint8Array([0xe2, 0x82, 0xac]));
  const streamed = await new Response(request.body).text();
  for (const target of TARGETS) for (const key of KEYS) delete target[key];
  const body = JSON.stringify({ listed, sent, heard, random, cloned, decoded, streamed,
    cookies: headers.getSetCookie(), seen: request.headers.get("x-sent"), calls });
  return new Response(body, { headers });
} };
"""

TARGETS = ["Object.prototype", "Array.prototype"]


@pytest.fixture
async def made():
    async with lab() as opened_lab:
        yield opened_lab


@pytest.mark.parametrize("target", TARGETS)
async def test_numeric_accessors(made: Lab, target: str) -> None:
    source = (
        WORKER.replace("POLLUTE", POLLUTE)
        .replace("TARGETS", f"[{target}]")
        .replace("KEYS", "[...Array(40).keys()]")
    )
    worker = await made.worker(source)
    response = await made.fetch(worker, "/", "POST", [("X-Sent", "yes"), ("content-length", "3")], b"abc")
    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {
        "listed": "set-cookie=c=1;set-cookie=d=2;x-a=1, 3;x-b=4;x-c=8;x-new=5;",
        "sent": "text",
        "heard": 2,
        "random": 36,
        "cloned": 1,
        "decoded": "\u20ac",
        "streamed": "abc",
        "cookies": ["c=1", "d=2"],
        "seen": "yes",
        "calls": 0,
    }
    assert [pair for pair in response.headers if pair[0] != "content-type"] == [
        *(("x-a", "1"), ("x-b", "4"), ("x-a", "3"), ("set-cookie", "c=1"), ("set-cookie", "d=2")),
        *(("x-new", "5"), ("x-c", "8")),
    ]
    assert made.said == ["said 1"]


async def test_accessors_while_the_response_is_sent(made: Lab) -> None:
    """They are still there when the runtime makes its frames, and in a call of the host."""
    source = POLLUTE.replace("TARGETS", "[Object.prototype, Array.prototype]").replace(
        "KEYS",
        '[0, 1, 2, "status", "statusText", "id", "event", "body", "immutable", "sorted", "toJSON", "waits"]',
    )
    worker = await made.worker(
        source
        + """export default { async fetch(request) {
          const failed = await fetch("http://127.0.0.1:1/").catch((error) => error.name);
          return new Response(`${failed} ${typeof calls}`, { status: 201, headers: { a: "1", b: "2" } });
        } }"""
    )
    for _ in range(2):
        response = await made.fetch(worker)
        assert (response.status, response.body) == (201, b"TypeError number")
        assert response.headers[:2] == [("a", "1"), ("b", "2")]


async def test_a_then_of_object_prototype(made: Lab) -> None:
    """What the host answers is no thenable of the script's: nothing of the runtime is handed to it."""
    worker = await made.worker(
        """const seen = [];
        export default { async fetch(request) {
          Object.defineProperty(Object.prototype, "then", { configurable: true, get() {
            seen.push(Object.keys(this).join()); } });
          await crypto.subtle.digest("SHA-256", new Uint8Array(1 << 20));
          await fetch("http://127.0.0.1:1/").catch(() => null);
          await new Response(request.body).text();
          delete Object.prototype.then;
          return new Response(JSON.stringify(seen.filter((keys) => /[a-z]/.test(keys))));
        } }"""
    )
    response = await made.fetch(worker, "/", "POST", body=b"abc")
    assert response.body == b"[]"
