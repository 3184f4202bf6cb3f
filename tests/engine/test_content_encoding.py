"""Content-Encoding: plain bodies are encoded on their way out, encoded ones pass, workers see all plain."""

from __future__ import annotations

import gzip
import importlib.util
import socket
from typing import Any

import httpx
import pytest
from enginekit import RunningEngine

from engine.runtime import coding
from engine.runtime.http import read

TEXT = "hello, " * 40

WORKER = f"""
const text = {TEXT!r};
const zipped = async () =>
  new Response(new Response(text).body.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
const encoded = (coding, body, more = {{}}) => new Response(body, {{ headers: {{
  "content-encoding": coding, "content-length": "1" }}, ...more }});
export default {{ async fetch(request, env) {{
  switch (new URL(request.url).pathname) {{
    case "/gzip": return encoded("gzip", text);
    case "/br": return encoded("br", text);
    case "/deflate": return encoded("deflate", text);
    case "/stream": return encoded("gzip", ReadableStream.from([1, 2, 3].map((n) =>
      new TextEncoder().encode(text + n))));
    case "/manual": return encoded("gzip", await zipped(), {{ encodeBody: "manual" }});
    case "/null": return encoded("gzip", null);
    case "/seen": {{
      const answers = [];
      for (const path of ["/gzip", "/manual", "/stream"]) {{
        const answer = await env.OTHER.fetch(new URL(path, request.url));
        answers.push([answer.headers.get("content-encoding"), await answer.text()]);
      }}
      return Response.json(answers);
    }}
    case "/pass": return env.OTHER.fetch(new URL("/manual", request.url));
    default: return new Response(text);
  }}
}} }}
"""


@pytest.fixture(scope="module")
def deployed(engine: RunningEngine) -> RunningEngine:
    binding = {"type": "service", "name": "OTHER", "service": "coder"}
    engine.deploy("coder", WORKER)
    engine.deploy("coder", WORKER, bindings=[binding])
    return engine


def raw(
    engine: RunningEngine, path: str, accept: str | None = "gzip, br", method: str = "GET"
) -> tuple[httpx.Headers, bytes]:
    """The answer as it is on the wire, chunks joined."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {engine.host('coder')}", "connection: close"]
    if accept is not None:
        lines.append(f"accept-encoding: {accept}")
    with socket.create_connection(("127.0.0.1", engine.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        data = b""
        while chunk := connection.recv(65536):
            data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    headers = httpx.Headers([tuple(line.split(b": ", 1)) for line in head.split(b"\r\n")[1:]])  # type: ignore[misc]
    if headers.get("transfer-encoding") == "chunked":
        joined, rest = b"", body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            joined, rest = joined + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        body = joined
    return headers, body


def test_a_plain_body_is_encoded(deployed: RunningEngine) -> None:
    for accept in ("gzip", "br;q=1, *;q=0.1", None):
        headers, body = raw(deployed, "/gzip", accept)
        assert (headers["content-encoding"], int(headers["content-length"])) == ("gzip", len(body))
        assert gzip.decompress(body).decode() == TEXT
    headers, body = raw(deployed, "/stream")
    assert (headers["content-encoding"], "content-length" in headers) == ("gzip", False)
    assert gzip.decompress(body).decode() == "".join(f"{TEXT}{n}" for n in (1, 2, 3))
    assert deployed.get("coder", "/gzip").text == TEXT


def test_who_does_not_take_it_gets_it_plain(deployed: RunningEngine) -> None:
    for accept in ("br", "identity", "gzip;q=0, *", ""):
        headers, body = raw(deployed, "/gzip", accept)
        assert ("content-encoding" in headers, body.decode()) == (False, TEXT), accept
        assert int(headers["content-length"]) == len(TEXT)


def test_what_passes_unchanged(deployed: RunningEngine) -> None:
    headers, body = raw(deployed, "/manual", "identity")
    assert (headers["content-encoding"], gzip.decompress(body).decode()) == ("gzip", TEXT)
    headers, body = raw(deployed, "/deflate", "deflate")  # workerd encodes gzip and br only
    assert (headers["content-encoding"], body.decode()) == ("deflate", TEXT)
    headers, body = raw(deployed, "/null")
    assert body == b""
    headers, body = raw(deployed, "/plain")
    assert ("content-encoding" in headers, body.decode()) == (False, TEXT)
    headers, body = raw(deployed, "/gzip", method="HEAD")
    assert (headers["content-encoding"], body) == ("gzip", b"")


def test_br_where_it_is_installed(deployed: RunningEngine) -> None:
    headers, body = raw(deployed, "/br", "br")
    if importlib.util.find_spec("brotli") is None:
        assert ("content-encoding" in headers, body.decode()) == (False, TEXT)
    else:
        assert headers["content-encoding"] == "br"
        assert len(body) < len(TEXT)


def test_another_worker_sees_it_plain(deployed: RunningEngine) -> None:
    assert deployed.get("coder", "/seen").json() == [
        ["gzip", TEXT],
        ["gzip", TEXT],
        ["gzip", "".join(f"{TEXT}{n}" for n in (1, 2, 3))],
    ]
    headers, body = raw(deployed, "/pass")
    assert (headers["content-encoding"], gzip.decompress(body).decode()) == ("gzip", TEXT)


async def test_a_body_that_is_not_in_its_coding_breaks() -> None:
    for broken in (b"not gzip at all", gzip.compress(b"cut")[:-4]):
        with pytest.raises(ValueError, match="Gzip decompression failed"):
            await read(coding.decode(broken, "gzip"))


def test_accept_encoding() -> None:
    def takes(value: Any, name: str = "gzip") -> bool:
        return coding.accepted([] if value is None else [("Accept-Encoding", value)], name)

    assert [takes(value) for value in (None, "gzip", "x-gzip", "GZIP;q=0.5", "*", "br, *;q=0.1")] == [
        True
    ] * 6
    assert [takes(value) for value in ("", "br", "gzip;q=0", "gzip;q=0, *", "*;q=0", "gzip;q=x")] == [
        False
    ] * 6
