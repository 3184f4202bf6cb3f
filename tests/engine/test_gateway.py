"""HTTP by hostname: bodies both ways, headers, status texts, error pages, and clients that go away."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator

import pytest
from enginekit import RunningEngine

ECHO = """export default {
  async fetch(request) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/echo": return new Response(request.body, { headers: { "x-method": request.method } });
      case "/url": return new Response(request.url);
      case "/text": return new Response(await request.text());
      case "/headers": return Response.json([...request.headers]);
      case "/cookies": {
        const headers = new Headers();
        for (const cookie of ["a=1; Path=/", "b=2, x", "c=3"]) headers.append("set-cookie", cookie);
        return new Response("ok", { headers });
      }
      case "/phrase": return new Response("short", { status: 299, statusText: "Quite Fine" });
      case "/phrase-stream": {
        const { readable, writable } = new TransformStream();
        const writer = writable.getWriter();
        writer.write(new TextEncoder().encode("part")).then(() => writer.close());
        return new Response(readable, { status: 418, statusText: "Short And Stout" });
      }
      case "/empty": return new Response(null, { status: 204 });
      case "/none": return new Response(null);
      case "/slow": {
        const { readable, writable } = new TransformStream();
        (async () => {
          const writer = writable.getWriter();
          for (let n = 0; n < 5; n++) {
            await writer.write(new TextEncoder().encode(`chunk ${n}\\n`));
            await new Promise((ok) => setTimeout(ok, 40));
          }
          await writer.close();
        })();
        return new Response(readable);
      }
      case "/big": return new Response("x".repeat(3_000_000));
      case "/throw": throw new TypeError("private detail");
      case "/hang": return new Promise(() => {});
      case "/cut": {
        const { readable, writable } = new TransformStream();
        const writer = writable.getWriter();
        writer.write(new TextEncoder().encode("begun")).then(() => writer.abort(new Error("broken")));
        return new Response(readable);
      }
      case "/loop": while (true) {}
    }
    return new Response("not here", { status: 404 });
  },
};"""


@pytest.fixture(scope="module")
def echo(engine: RunningEngine) -> str:
    """A service that answers each path its own way, with a CPU limit of 200 ms."""
    engine.deploy("echo", ECHO, limits={"cpu_ms": 200})
    return "echo"


def raw(engine: RunningEngine, request: bytes, *, timeout: float = 30) -> bytes:
    """Everything that comes back on one connection."""
    with socket.create_connection(("127.0.0.1", engine.port), timeout) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


def test_hello(engine: RunningEngine) -> None:
    answer = engine.get("hello")
    assert answer.status_code == 200
    assert answer.text == "Hello, world!\n"
    assert engine.get("hello", environment="staging").status_code == 200


@pytest.mark.parametrize("host", ["HELLO.dev.localhost", "hello.dev.localhost:1234", "hello.dev.localhost."])
def test_hosts_written_otherwise(engine: RunningEngine, host: str) -> None:
    assert engine.http.get("/", headers={"host": host}).text == "Hello, world!\n"


@pytest.mark.parametrize(
    "host",
    ["nobody.dev.localhost", "a.b.hello.dev.localhost", "hello.localhost", "x" * 300, "<b>.dev.localhost"],
)
def test_unknown_host(engine: RunningEngine, host: str) -> None:
    answer = engine.http.get("/", headers={"host": host})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "nothing here" in answer.text
    page = engine.http.get("/", headers={"host": host, "accept": "text/html,*/*"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<b>." not in page.text


def test_the_machine_itself(engine: RunningEngine) -> None:
    answer = engine.http.get("/")
    assert answer.status_code == 404
    assert "/client/v4" in answer.text


def test_url_and_query(engine: RunningEngine, echo: str) -> None:
    answer = engine.send("GET", echo, "/url?a=b%20c&d=%C3%A9", headers={})
    assert answer.text == "http://echo.dev.localhost/url?a=b%20c&d=%C3%A9"


def test_bodies_come_back(engine: RunningEngine, echo: str) -> None:
    data = bytes(range(256)) * 4000
    answer = engine.send("POST", echo, "/echo", content=data)
    assert answer.content == data
    assert answer.headers["x-method"] == "POST"
    assert engine.send("PUT", echo, "/text", content="é" * 10).text == "é" * 10


def test_chunked_upload(engine: RunningEngine, echo: str) -> None:
    def chunks() -> Iterator[bytes]:
        for number in range(20):
            yield b"%d," % number * 1000

    answer = engine.send("POST", echo, "/echo", content=chunks())
    assert answer.content == b"".join(b"%d," % number * 1000 for number in range(20))


def test_upload_is_streamed_through(engine: RunningEngine, echo: str) -> None:
    """The first chunk is answered before the second is sent."""
    with socket.create_connection(("127.0.0.1", engine.port), 10) as connection:
        head = b"POST /echo HTTP/1.1\r\nHost: echo.dev.localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b"5\r\nfirst\r\n")
        received = b""
        while b"first" not in received:
            part = connection.recv(4096)
            assert part
            received += part
        connection.sendall(b"6\r\nsecond\r\n0\r\n\r\n")
        while not received.endswith(b"0\r\n\r\n"):
            part = connection.recv(4096)
            assert part
            received += part
    assert b"second" in received


def test_response_is_streamed(engine: RunningEngine, echo: str) -> None:
    began = time.monotonic()
    with engine.http.stream("GET", "/slow", headers={"host": engine.host(echo)}) as answer:
        chunks = answer.iter_raw()
        first = next(chunks)
        at = time.monotonic() - began
        rest = b"".join(chunks)
        whole = time.monotonic() - began
    assert first + rest == b"".join(b"chunk %d\n" % number for number in range(5))
    assert whole - at > 0.1


def test_expect_100_continue(engine: RunningEngine, echo: str) -> None:
    with socket.create_connection(("127.0.0.1", engine.port), 10) as connection:
        connection.sendall(
            b"POST /text HTTP/1.1\r\nHost: echo.dev.localhost\r\nContent-Length: 4\r\n"
            b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"body")
        received = b""
        while chunk := connection.recv(4096):
            received += chunk
    assert received.endswith(b"body")


def test_cookies_stay_apart(engine: RunningEngine, echo: str) -> None:
    answer = engine.get(echo, "/cookies")
    assert answer.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2, x", "c=3"]


def test_reason_phrases(engine: RunningEngine, echo: str) -> None:
    assert engine.get(echo, "/phrase").reason_phrase == "Quite Fine"
    assert engine.get(echo, "/phrase").status_code == 299
    streamed = engine.get(echo, "/phrase-stream")
    assert (streamed.status_code, streamed.reason_phrase, streamed.text) == (418, "Short And Stout", "part")
    assert engine.get(echo, "/nowhere").reason_phrase == "Not Found"


def test_head(engine: RunningEngine, echo: str) -> None:
    answer = engine.send("HEAD", echo, "/big")
    assert answer.status_code == 200
    assert answer.content == b""
    assert engine.send("HEAD", echo, "/slow").content == b""


def test_no_body(engine: RunningEngine, echo: str) -> None:
    empty = engine.get(echo, "/empty")
    assert empty.status_code == 204
    assert "content-length" not in empty.headers
    assert engine.get(echo, "/none").headers["content-length"] == "0"


def test_connections_are_kept(engine: RunningEngine, echo: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=60)
    for path in ("/big", "/slow", "/phrase", "/empty", "/text"):
        connection.request("GET", path, headers={"Host": engine.host(echo)})
        connection.getresponse().read()
        assert connection.sock is not None
    connection.close()


def test_close_and_http_1_0(engine: RunningEngine, echo: str) -> None:
    closed = raw(engine, b"GET /none HTTP/1.1\r\nHost: echo.dev.localhost\r\nConnection: close\r\n\r\n")
    assert b"connection: close" in closed.lower()
    old = raw(engine, b"GET /url HTTP/1.0\r\nHost: echo.dev.localhost\r\n\r\n")
    assert old.endswith(b"http://echo.dev.localhost/url")


def test_pipelining(engine: RunningEngine, echo: str) -> None:
    one = b"GET /url?n=%d HTTP/1.1\r\nHost: echo.dev.localhost\r\n%b\r\n"
    requests = one % (1, b"") + one % (2, b"") + one % (3, b"Connection: close\r\n")
    received = raw(engine, requests)
    assert [received.find(b"n=%d" % number) for number in (1, 2, 3)] == sorted(
        received.find(b"n=%d" % number) for number in (1, 2, 3)
    )
    assert received.count(b"HTTP/1.1 200 OK") == 3


def test_hop_by_hop_headers_stay_outside(engine: RunningEngine, echo: str) -> None:
    answer = engine.get(
        echo, "/headers", headers={"connection": "keep-alive", "te": "trailers", "x-mine": "1"}
    )
    names = {name for name, _ in json.loads(answer.text)}
    assert "x-mine" in names
    assert "host" in names
    assert not names & {"connection", "te", "keep-alive"}


@pytest.mark.parametrize(
    ("path", "status", "code"), [("/throw", 500, 1101), ("/hang", 500, 1101), ("/loop", 503, 1102)]
)
def test_error_pages(engine: RunningEngine, echo: str, path: str, status: int, code: int) -> None:
    answer = engine.get(echo, path)
    assert answer.status_code == status
    assert f"Error {code}" in answer.text
    page = engine.get(echo, path, headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    for leak in ("private detail", "Traceback", ".py", str(engine.state)):
        assert leak not in answer.text + page.text
    assert engine.get(echo, "/url").status_code == 200


def test_the_log_has_what_the_page_leaves_out(engine: RunningEngine, echo: str) -> None:
    answer = engine.get(echo, "/throw")
    request_id = answer.text.split("Request ")[1].strip()
    line = next(
        line
        for line in (engine.state / "engine.log").read_text().splitlines()
        if f"request {request_id}" in line
    )
    assert "TypeError: private detail at worker.js:" in line


def test_a_broken_stream_is_noticed(engine: RunningEngine, echo: str) -> None:
    received = raw(engine, b"GET /cut HTTP/1.1\r\nHost: echo.dev.localhost\r\n\r\n")
    assert b"begun" in received
    assert not received.endswith(b"0\r\n\r\n")


def test_a_client_that_leaves_cancels(engine: RunningEngine, service: str) -> None:
    space = engine.result("POST", "/storage/kv/namespaces", json={"title": f"leaves-{service}"})["id"]
    code = """export default { async fetch(request, env, ctx) {
      request.signal.addEventListener("abort", () => ctx.waitUntil(env.KV.put("aborted", "1")));
      await env.KV.put("begun", "1");
      await new Promise((ok) => setTimeout(ok, 20000));
      return new Response("late");
    } }"""
    binding = {"name": "KV", "type": "kv_namespace", "namespace_id": space}
    engine.deploy(service, code, bindings=[binding], compatibility_flags=["enable_request_signal"])

    def await_key(key: str) -> bool:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if engine.api.get(f"/storage/kv/namespaces/{space}/values/{key}").status_code == 200:
                return True
            time.sleep(0.02)
        return False

    with socket.create_connection(("127.0.0.1", engine.port), 10) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {engine.host(service)}\r\n\r\n".encode())
        assert await_key("begun")
    assert await_key("aborted")


def test_garbage_is_answered_with_400(engine: RunningEngine) -> None:
    assert raw(engine, b"\x16\x03\x01 nonsense\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_requests_in_flight_end_on_the_old_code(engine: RunningEngine, service: str) -> None:
    slow = """export default { async fetch() {
      await new Promise((ok) => setTimeout(ok, 400)); return new Response("old") } }"""
    engine.deploy(service, slow)
    with socket.create_connection(("127.0.0.1", engine.port), 10) as connection:
        head = f"GET / HTTP/1.1\r\nHost: {engine.host(service)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        time.sleep(0.15)
        engine.deploy(service, 'export default { fetch: () => new Response("new") }')
        assert engine.get(service).text == "new"
        received = b""
        while chunk := connection.recv(4096):
            received += chunk
    assert received.endswith(b"old")


def test_every_deploy_shows_on_the_next_request(engine: RunningEngine, service: str) -> None:
    for number in range(8):
        engine.deploy(service, f'export default {{ fetch: () => new Response("{number}") }}')
        assert engine.get(service).text == str(number)
