"""EventSource: the event stream's syntax, `from` and `fetcher`, errors, and connecting again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from workerkit import Lab, lab


@pytest.fixture
async def made():
    async with lab() as opened_lab:
        yield opened_lab


WORKER = """
const listen = (source, types = ["message"]) => new Promise((resolve) => {
  const seen = [];
  source.onopen = () => seen.push(["open", source.readyState]);
  for (const type of types) source.addEventListener(type, ({ data, lastEventId, origin }) =>
    seen.push([type, data, lastEventId, origin]));
  source.onerror = (event) => { seen.push(["error", String(event.error), source.readyState]);
    resolve(seen); };
});
const stream = (...chunks) => ReadableStream.from(chunks.map((each) => new TextEncoder().encode(each)));
const answer = (body, init = {}) => ({ async fetch() {
  return new Response(body, { headers: { "content-type": "text/event-stream" }, ...init });
} });
export default { async fetch(request, env, ctx) { return Response.json(await (async () => {
  BODY })() ?? null); } }
"""


async def run(made: Lab, body: str) -> Any:
    return json.loads(await made.text(await made.worker(WORKER.replace("BODY", body))))


async def test_the_syntax_of_events(made: Lab) -> None:
    seen = await run(
        made,
        r"""return listen(EventSource.from(stream(
            "\ufeffdata: one\n\n", ": comment\ndata:two\ndata: lines\n\n",
              "event: ping\r\nid: 7\r\ndata:  x\r", "\n\r\n",
            "data\n\n", "data\rdata\r\r", "unknown: a\nid: bad\0id\nretry: x\ndata: y\n\n",
              "id\ndata: reset\n\nevent: none\n\n", "data: h", "\u00e9\n\n",
            "data: unfinished\n",
        )), ["message", "ping", "none"])""",
    )
    assert seen == [
        ["open", 1],
        ["message", "one", "", ""],
        ["message", "two\nlines", "", ""],
        ["ping", " x", "7", ""],
        ["message", "", "7", ""],
        ["message", "\n", "7", ""],
        ["message", "y", "7", ""],
        ["message", "reset", "", ""],
        ["message", "h\u00e9", "", ""],
        ["error", "Error: The server disconnected.", 2],
    ]


async def test_characters_may_be_split(made: Lab) -> None:
    seen = await run(
        made,
        r"""const bytes = new TextEncoder().encode("data: \u20ac\n\n");
        return listen(EventSource.from(ReadableStream.from([...bytes].map((byte) =>
          new Uint8Array([byte])))))""",
    )
    assert seen[1] == ["message", "\u20ac", "", ""]


async def test_what_ends_it_for_good(made: Lab) -> None:
    seen = await run(
        made,
        """const ended = async (fetcher) => (await listen(new EventSource("http://example.com/events", {
          fetcher }))).at(-1);
        return [await ended(answer("", { status: 404 })), await ended(answer("", { headers: {
          "content-type": "text/html" } })),
          await ended(answer(new Uint8Array(), { headers: {} })), await ended({ async fetch() {
            throw new Error("unreachable"); } })]""",
    )
    assert seen == [
        ["error", "AbortError: The response status code was 404.", 2],
        ["error", "AbortError: The content type 'text/html' is invalid.", 2],
        ["error", "AbortError: No content type header was present in the response.", 2],
        ["error", "Error: unreachable", 2],
    ]


async def test_it_connects_again_with_the_last_id(made: Lab) -> None:
    seen = await run(
        made,
        r"""const sent = [], seen = [];
        const fetcher = { async fetch(url, init) {
          const headers = new Headers(init.headers);
          sent.push([url, headers.get("accept"), headers.get("cache-control"), headers.get("last-event-id")]);
          return new Response(stream(`retry: 1\nid: n\u00fc${sent.length}\ndata: ${sent.length}\n\n`), {
            headers: { "content-type": "text/event-stream; charset=utf-8" } });
        } };
        const source = new EventSource("http://Example.com/events", { fetcher });
        seen.push(source.url, source.readyState, source.withCredentials);
        await new Promise((resolve) => {
          source.onerror = () => seen.push(source.readyState);
          source.onmessage = ({ data, origin }) => { seen.push([data, origin]); if (data === "2") {
            source.close(); resolve(); } };
        });
        return [seen, sent, source.readyState]""",
    )
    url = "http://example.com/events"
    assert seen[0] == [url, 0, False, ["1", "http://example.com"], 0, ["2", "http://example.com"]]
    assert seen[1] == [
        [url, "text/event-stream", "no-cache", None],
        [url, "text/event-stream", "no-cache", "n\u00c3\u00bc1"],
    ]
    assert seen[2] == 2


async def test_its_shape_and_what_it_refuses(made: Lab) -> None:
    seen = await run(
        made,
        """const refused = (make) => { try { make(); return "made"; } catch (error) {
          return `${error.name}: ${error.message}`; } };
        const used = stream("x"); used.getReader();
        return [EventSource.CONNECTING, EventSource.OPEN, EventSource.prototype.CLOSED, EventSource.name,
          String(Object.prototype.toString.call(EventSource.prototype)),
          refused(() => new EventSource("/relative")), refused(() => new EventSource("http://a/", {
            withCredentials: true })),
          refused(() => EventSource.from(used)), refused(() => EventSource.from({}))]""",
    )
    assert seen == [
        *(0, 1, 2, "EventSource", "[object EventSource]"),
        "SyntaxError: Cannot open an EventSource to '/relative'. The URL is invalid.",
        "NotSupportedError: The init.withCredentials option is not supported. It must be false or undefined.",
        "TypeError: This ReadableStream is locked.",
        "TypeError: EventSource.from: the argument is not a ReadableStream.",
    ]
    worker = await made.worker(
        """let told; try { new EventSource("http://a/"); } catch (error) { told = error.message; }
        export default { async fetch() { return new Response(told); } }"""
    )
    assert "within the context of a worker request" in await made.text(worker)
