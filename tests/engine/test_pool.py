"""Isolates are made when they are needed, shared out, and given back."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from workerkit import Lab, lab, request

from engine.runtime.errors import Unavailable
from engine.runtime.http import read
from engine.runtime.isolate import IsolateError, Script
from engine.runtime.limits import resident_bytes

HELLO = """
    let count = 0;
    export default { async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/spin") { const end = Date.now() + 800; while (Date.now() < end) {} }
      if (pathname === "/wait") await scheduler.wait(200);
      return new Response(`${++count}`);
    } };"""


@pytest.fixture
async def bench() -> AsyncIterator[Lab]:
    async with lab(isolates_per_worker=2) as made:
        yield made


async def test_the_first_request_takes_a_spare_isolate(bench: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runtime.channel._STUCK_SECONDS", 5)  # whatever else the machine does
    await bench.runtime.warm()
    worker = await bench.worker(HELLO)
    assert worker.isolates == 0
    assert await bench.text(worker) == "1"
    assert await bench.text(worker) == "2"
    assert worker.isolates == 1


async def test_a_busy_isolate_gets_a_second_one_beside_it(bench: Lab) -> None:
    worker = await bench.worker(HELLO)
    assert await bench.text(worker) == "1"
    await bench.runtime.warm()
    spinning = asyncio.ensure_future(bench.text(worker, "/spin"))
    await asyncio.sleep(0.02)
    assert await bench.text(worker) == "1"
    assert not spinning.done()
    assert worker.isolates == 2
    assert await spinning == "2"


async def test_requests_that_only_wait_need_no_second_isolate(
    bench: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.runtime.channel._STUCK_SECONDS", 0.5)  # whatever else the machine does
    worker = await bench.worker(HELLO)
    await bench.text(worker, "/wait")  # loads URL, which takes V8 some milliseconds
    await asyncio.gather(*(bench.text(worker, "/wait") for _ in range(30)))
    assert worker.isolates == 1


async def test_an_exclusive_worker_has_one_isolate(bench: Lab) -> None:
    worker = await bench.worker(HELLO, exclusive=True)
    assert sorted(await asyncio.gather(*(bench.text(worker, "/spin") for _ in range(3)))) == ["1", "2", "3"]
    assert worker.isolates == 1


async def test_an_idle_worker_is_evicted_and_comes_back() -> None:
    async with lab(idle_seconds=0.1) as bench:
        worker = await bench.worker(HELLO)
        assert await bench.text(worker) == "1"
        for _ in range(50):
            await asyncio.sleep(0.05)
            if worker.isolates == 0:
                break
        assert worker.isolates == 0
        assert await bench.text(worker) == "1"


async def test_too_many_isolates_lose_the_longest_idle() -> None:
    async with lab(isolates=3) as bench:
        workers = [await bench.worker(HELLO) for _ in range(6)]
        for worker in workers:
            await bench.text(worker)
        bench.runtime._sweep()
        assert bench.runtime.isolates == 3
        assert [worker.isolates for worker in workers] == [0, 0, 0, 1, 1, 1]


async def test_an_isolate_that_rests_is_tidied_once_and_answers_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.runtime.pool._REST_SECONDS", 0.0)
    async with lab(idle_seconds=30.0) as bench:
        worker = await bench.worker(HELLO)
        assert await bench.text(worker) == "1"
        isolate = worker.channels[0].isolate
        used = await asyncio.to_thread(isolate.heap)
        bench.runtime._sweep()
        await asyncio.sleep(0)
        assert worker.channels[0].busy
        assert await bench.text(worker) == "2"  # behind the garbage collection, in the same isolate
        assert worker.channels[0].isolate is isolate
        tidied = isolate.tidied
        assert tidied is not None
        after = await asyncio.to_thread(isolate.heap)
        assert after["total_physical_size"] < used["total_physical_size"]
        bench.runtime._sweep()  # it has rested for too short a time to be tidied again
        assert await bench.text(worker) == "3"
        assert isolate.tidied == tidied


async def test_a_closed_worker_lets_what_runs_end(bench: Lab) -> None:
    worker = await bench.worker(HELLO)
    waiting = asyncio.ensure_future(bench.text(worker, "/wait"))
    await asyncio.sleep(0.05)
    closing = asyncio.ensure_future(worker.close())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await bench.fetch(worker)
    assert await waiting == "1"
    await asyncio.wait_for(closing, 30)
    assert bench.runtime.isolates == 0


async def test_closing_at_once_fails_what_runs(bench: Lab) -> None:
    worker = await bench.worker(HELLO)
    waiting = asyncio.ensure_future(bench.text(worker, "/wait"))
    await asyncio.sleep(0.05)
    await worker.close(0)
    with pytest.raises(Unavailable):
        await waiting


async def test_forty_environments_stay_small(bench: Lab) -> None:
    first = await bench.worker(HELLO)
    await bench.text(first)
    before = resident_bytes()
    for _ in range(40):
        await bench.text(await bench.worker(HELLO))
    assert (resident_bytes() - before) / 40 < 3_000_000


async def test_a_script_answers_with_plain_values() -> None:
    script = await Script.load("var f = (x) => x + 1;")
    assert await script.evaluate("f(1)") == 2
    assert await script.evaluate("'é' + f('a')") == "éa1"
    assert await script.evaluate("undefined") is None
    with pytest.raises(IsolateError, match="boom"):
        await script.evaluate("throw new Error('boom')")
    script.close()


class _Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/there")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = f"{self.command} {self.path} {self.headers['Host']} {self.headers.get('X-Sent')}".encode()
        self._answer(content)

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            content = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(content)

    def _answer(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def origin() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Origin)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


async def test_fetch_reaches_other_hosts_and_names_of_this_machine(bench: Lab, origin: int) -> None:
    worker = await bench.worker(f"""
        const at = "http://some.dev.localhost:{origin}";
        export default {{ async fetch(request) {{
          const path = new URL(request.url).pathname;
          if (path === "/post") return fetch(at + "/post", {{ method: "POST", body: request.body }});
          if (path === "/gone") {{
            try {{ await fetch("http://127.0.0.1:9/"); }} catch (error) {{ return new Response(error.name); }}
          }}
          const redirect = request.headers.get("mode") ?? "follow";
          const answer = await fetch(at + path, {{ headers: {{ "x-sent": "é" }}, redirect }});
          const {{ status, url, redirected, headers }} = answer;
          const cookies = headers.getSetCookie().length;
          return Response.json([status, url.slice(at.length), redirected, cookies, await answer.text()]);
        }} }};""")
    host = f"some.dev.localhost:{origin}"
    assert await bench.text(worker, "/a") == f'[200,"/a",false,2,"GET /a {host} é"]'
    assert await bench.text(worker, "/moved") == f'[200,"/there",true,2,"GET /there {host} é"]'
    assert await bench.text(worker, "/moved", headers=[("mode", "manual")]) == '[302,"/moved",false,0,""]'
    assert await bench.text(worker, "/gone") == "TypeError"
    big = bytes(range(256)) * 4000

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(big), 100_000):
            yield big[at : at + 100_000]

    for body in (b"small", big, chunks()):
        answer = await worker.fetch(request("/post", "POST", body=body), bench.invocation())
        assert await read(answer.body) == (b"small" if body == b"small" else big)
