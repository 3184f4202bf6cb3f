"""HTMLRewriter: what handlers see and change, in which order, and how a body streams through it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from workerkit import Lab, lab, request

from engine.runtime.errors import WorkerError
from engine.runtime.http import read

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = "<!DOCTYPE html><title>T</title><p class='a' id=x>one <b>two</b></p><!-- note --><br><a href=/x>y</a>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench() -> AsyncIterator[Lab]:
    async with lab(spares=0) as made:
        yield made


async def rewritten(bench: Lab, handlers: str, page: str = PAGE) -> str:
    """What a worker's rewriter makes of a page; ``handlers`` continues ``new HTMLRewriter()``."""
    code = f"""
    const pause = () => new Promise((done) => setTimeout(done, 1));
    const html = {{ html: true }};
    export default {{ async fetch(request) {{
      const log = [];
      const page = await request.text();
      const result = new HTMLRewriter(){handlers}.transform(new Response(page));
      const text = await result.text();
      return new Response(text + (log.length ? "\\n" + JSON.stringify(log) : ""));
    }} }};"""
    worker = await bench.worker(code)
    try:
        return await bench.text(worker, method="POST", body=page.encode())
    finally:
        await worker.close()


@pytest.mark.parametrize(
    ("handlers", "expected"),
    [
        (".on('b', { element(e) { e.before('<i>').after('<i>', html); } })", "&lt;i&gt;<b>2</b><i>"),
        (".on('b', { element(e) { e.prepend('1', html).append('3'); } })", "<b>123</b>"),
        (".on('b', { element(e) { e.setInnerContent('<u>'); } })", "<b>&lt;u&gt;</b>"),
        (".on('b', { element(e) { e.replace('<u>x</u>', html); } })", "<u>x</u>"),
        (
            ".on('b', { element(e) { log.push(e.removed); e.remove(); log.push(e.removed); } })",
            "\n[false,true]",
        ),
        (".on('b', { element(e) { e.removeAndKeepContent(); } })", "2"),
        (".on('b', { element(e) { e.tagName = 'strong'; } })", "<strong>2</strong>"),
        (
            ".on('b', { text(t) { t.lastInTextNode ? t.after('!') : t.replace('[' + t.text + ']'); } })",
            "<b>[2]!</b>",
        ),
        (
            ".on('b', { element: (e) => e.onEndTag((t) => { t.before(t.name); t.name = 'u'; t.after(1) })})",
            "<b>2b</u>1",
        ),
        (".on('b', { async element(e) { await pause(); e.append('later'); } })", "<b>2later</b>"),
        (
            ".on('b', { element(e) { e.append(new Response('<s>').body, html).append('t'); } })",
            "<b>2<s>t</b>",
        ),
        (".on('b', { element(e) { e.replace(new Response('<s>')); } })", "&lt;s&gt;"),
        (".onDocument({ end(e) { e.append('<!-- end -->', html); } })", "<b>2</b><!-- end -->"),
    ],
)
async def test_edits(bench: Lab, handlers: str, expected: str) -> None:
    assert await rewritten(bench, handlers, "<b>2</b>") == expected


async def test_attributes(bench: Lab) -> None:
    handlers = """.on("p", { element(e) {
      log.push([...e.attributes], e.getAttribute("class"), e.getAttribute("none"), e.hasAttribute("id"));
      e.setAttribute("data-n", 1).removeAttribute("class");
      log.push(e.tagName, e.namespaceURI, Object.prototype.toString.call(e));
    } })"""
    text, log = (await rewritten(bench, handlers)).split("\n")
    assert '<p id=x data-n="1">' in text.replace('id="x"', "id=x")
    assert log == (
        '[[["class","a"],["id","x"]],"a",null,true,"p","http://www.w3.org/1999/xhtml","[object Element]"]'
    )


async def test_comments_doctype_and_this(bench: Lab) -> None:
    handlers = """.on("*", new class { seen = 0; comments(c) { this.seen++; } })
      .onDocument({
        doctype(d) { log.push(d.name, d.publicId, d.systemId); },
        comments(c) { log.push(c.text, c.removed); c.text = "other"; c.before("<"); },
        end() { log.push("end"); },
      })"""
    text, log = (await rewritten(bench, handlers)).split("\n")
    assert "&lt;<!--other-->" in text
    assert log == '["html",null,null," note ",false,"end"]'


async def test_handlers_run_in_their_order(bench: Lab) -> None:
    """Two on one element both have its end tag; those of the next element are its own."""
    handlers = """.on("p", { async element(e) {
          await pause(); log.push("1"); e.onEndTag((t) => { log.push("1e"); t.before("1"); });
          e.onEndTag(async (t) => { await pause(); log.push("1f"); t.before("2"); });
        }, text() { log.push("t"); } })
      .on("[class]", { element(e) {
          log.push("2"); e.onEndTag((t) => { log.push("2e"); t.before("3"); });
      } })"""
    text, log = (await rewritten(bench, handlers, "<p class=a></p><p></p><i class=b></i>")).split("\n")
    assert text == "<p class=a>123</p><p>12</p><i class=b>3</i>"
    assert log == '["1","2","1e","1f","2e","1","1e","1f","2","2e"]'


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("new HTMLRewriter().on('p:foo(', {})", "TypeError: Parser error: Unsupported pseudo-class"),
        ("new HTMLRewriter().on('p')", "TypeError: "),
        ("new HTMLRewriter().on('p', { element: 1 })", "TypeError: "),
        ("new HTMLRewriter().transform('x')", "TypeError: Failed to execute 'transform'"),
        ("await broken({ element(e) { throw new RangeError('mine'); } })", "RangeError: mine"),
        ("await broken({ async element(e) { await 0; throw new RangeError('late'); } })", "RangeError: late"),
        ("await broken({ element(e) { e.onEndTag(() => { throw new Error('end'); }); } })", "Error: end"),
        ("await broken({ element(e) { e.tagName = '1'; } })", "TypeError: The first character"),
        (
            "await broken({ element(e) { e.setAttribute('a b', ''); } })",
            "TypeError: ` ` character is forbidden",
        ),
        ("await broken({ element(e) { e.before(); } })", "TypeError: "),
        (
            "await broken({ element(e) { kept = e; } }); kept.tagName",
            "TypeError: This content token is no longer valid",
        ),
        ("await broken({ element(e) { kept = e; } }, 2)", "TypeError: Body has already been used"),
    ],
)
async def test_errors(bench: Lab, code: str, message: str) -> None:
    worker = await bench.worker(f"""
    let kept;
    async function broken(handlers, times = 1) {{
      const response = new Response("<p>x</p>");
      for (let i = 0; i < times; i++) await new HTMLRewriter().on("p", handlers).transform(response).text();
    }}
    export default {{ async fetch() {{
      try {{ {code}; return new Response("nothing"); }} catch (error) {{ return new Response(`${{error}}`); }}
    }} }};""")
    assert (await bench.text(worker)).startswith(message)
    await worker.close()


async def test_the_response_around_it(bench: Lab) -> None:
    worker = await bench.worker("""
    export default { async fetch() {
      const from = new Response("<p>x", { status: 201, headers: [
        ["Content-Length", "4"], ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"],
        ["Content-Type", "text/html"]] });
      const to = new HTMLRewriter().on("p", { element(e) { e.prepend("y"); } }).transform(from);
      const none = new Response(null, { status: 204 });
      const headers = { "Content-Type": "text/html; charset=latin1" };
      const latin = new HTMLRewriter().on("p", { text(t) { if (t.text) t.replace(t.text + "ü"); } })
        .transform(new Response(new Uint8Array([60, 112, 62, 0xe9]), { headers }));
      return Response.json([to.status, [...to.headers], await to.text(), from.bodyUsed,
        new HTMLRewriter().transform(none) === none, latin.headers.get("content-type"), await latin.text()]);
    } };""")
    assert await bench.text(worker) == (
        '[201,[["content-type","text/html"],["set-cookie","a=1"],["set-cookie","b=2"]],"<p>yx",true,true,'
        '"text/html;charset=utf-8","<p>éü"]'
    )


STREAMING = """
export default { async fetch(request) {
  let made = 0;
  const body = new ReadableStream({ type: "bytes", pull(c) {
    if (++made > 4000) c.close(); else c.enqueue(new TextEncoder().encode(`<p>${"x".repeat(20000)}</p>`));
  } }, { highWaterMark: 0 });
  let seen = 0;
  const result = new HTMLRewriter().on("p", { element(e) { seen++; e.setAttribute("n", seen); } })
    .transform(new Response(body));
  const path = new URL(request.url).pathname;
  if (path === "/lazy") {
    const reader = result.body.getReader();
    const before = made;
    const { value } = await reader.read();
    await reader.cancel();
    return Response.json([before, made < 10, new TextDecoder().decode(value).slice(0, 10)]);
  }
  return result;
} };"""


async def test_it_streams(bench: Lab) -> None:
    """80 MB go through a 128 MB isolate; nothing is read before somebody reads."""
    worker = await bench.worker(STREAMING)
    assert await bench.text(worker, "/lazy") == '[0,true,"<p n=\\"1\\">x"]'
    response = await bench.fetch(worker)
    size, last = 0, b""
    assert response.body is not None
    assert not isinstance(response.body, bytes)
    async for chunk in response.body:
        size, last = size + len(chunk), (last + chunk)[-20100:]
    assert size > 80_000_000
    assert b'<p n="4000">' in last


async def test_many_at_once(bench: Lab) -> None:
    """Rewriters that wait in the middle of a page do not disturb each other."""
    worker = await bench.worker("""
    const page = (n) => `<p>${n}</p>`.repeat(20);
    const one = (n) => new HTMLRewriter().on("p", { async element(e) {
      await new Promise((done) => setTimeout(done, (n * 7) % 3));
      const inner = await new HTMLRewriter()
        .on("i", { async element(e) { await 0; e.setInnerContent(`${n}`); } })
        .transform(new Response("<i></i>")).text();
      e.append(inner, { html: true });
    } }).transform(new Response(page(n))).text();
    export default { async fetch() {
      const found = await Promise.all(Array.from({ length: 12 }, (_, n) => one(n)));
      return Response.json(found.map((text, n) => text === `<p>${n}<i>${n}</i></p>`.repeat(20)));
    } };""")
    assert await bench.text(worker) == "[" + ",".join(["true"] * 12) + "]"


async def test_an_error_breaks_the_body_of_the_response(bench: Lab) -> None:
    worker = await bench.worker("""export default { fetch: () => new HTMLRewriter()
      .on("b", { element() { throw new TypeError("in a handler"); } })
      .transform(new Response("<p></p><b>")) };""")
    response: Any = await worker.fetch(request(), bench.invocation())
    with pytest.raises(WorkerError, match="in a handler"):
        await read(response.body)
    await worker.close()
