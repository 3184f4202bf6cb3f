"""The server of node:http, which `cloudflare:node` gives the worker's own requests."""

from __future__ import annotations

from typing import Any

import pytest
from nodekit import DATE, FLAGS, NodeLab, node_lab
from workerkit import request

from engine.model import Module
from engine.runtime.errors import ScriptException
from engine.runtime.http import Response, read

APP = """
import http from "node:http";
import { httpServerHandler } from "cloudflare:node";
const server = http.createServer(async (req, res) => {
  const path = req.url.split("?")[0];
  if (path === "/said") {
    let body = "";
    for await (const part of req.setEncoding("utf8")) body += part;
    res.setHeader("x-a", ["1", "2"]);
    res.writeHead(201, "Made", { "content-type": "application/json" });
    res.end(JSON.stringify({ method: req.method, url: req.url, sent: req.headers["x-sent"],
      raw: req.rawHeaders.length, body,
      from: req.socket.remoteAddress, listening: server.listening, port: server.address().port }));
  } else if (path === "/stream") {
    res.write("one,");
    setTimeout(() => { res.write(Buffer.from("two,")); res.end("three"); }, 1);
  } else if (path === "/big") {
    let left = 64;
    const more = () => {
      while (left-- > 0) if (!res.write("x".repeat(65536))) return res.once("drain", more);
      return res.end();
    };
    more();
  } else if (path === "/empty") {
    res.setHeader("set-cookie", ["a=1", "b=2"]).writeHead(204).end();
  } else if (path === "/late") {
    res.end("fine");
    try { res.setHeader("x", "1"); } catch (error) { console.log(error.code); }
  } else if (path === "/thrown") {
    res.statusCode = 500;
    res.destroy(new Error("broken"));
  } else res.end(`${path} ${res.statusCode}`);
});
server.listen(8080, () => console.log("listening"));
export default httpServerHandler({ port: 8080 });
"""


async def serve(lab: NodeLab, source: str, date: str = DATE) -> Any:
    program = await lab.compiler.compile(
        [Module("worker.js", "esm", source.encode())], "worker.js", date, FLAGS
    )
    worker = lab.runtime.worker(program, [])

    async def ask(path: str, *args: Any) -> Response:
        response = await worker.fetch(request(path, *args), lab.invocation())
        response.body = await read(response.body)
        return response

    return ask


async def test_requests_and_responses() -> None:
    async with node_lab() as lab:
        ask = await serve(lab, APP)
        made = await ask("/said?q=1", "POST", [("X-Sent", "yes"), ("cf-connecting-ip", "9.9.9.9")], b"abc")
        assert (made.status, made.status_text) == (201, "Made")
        assert made.body == (
            b'{"method":"POST","url":"/said?q=1","sent":"yes","raw":6,"body":"abc","from":"9.9.9.9","listening":true,'
            b'"port":8080}'
        )
        assert [pair for pair in made.headers if pair[0] == "x-a"] == [("x-a", "1"), ("x-a", "2")]
        assert (await ask("/stream")).body == b"one,two,three"
        assert (await ask("/big")).body == b"x" * 65536 * 64
        empty = await ask("/empty")
        assert (empty.status, empty.body) == (204, b"")
        assert empty.headers == [("set-cookie", "a=1"), ("set-cookie", "b=2")]
        head = await ask("/", "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert ("content-length", "5") in (await ask("/")).headers
        await ask("/late")
        assert lab.said[-1] == "ERR_HTTP_HEADERS_SENT"
        with pytest.raises(ScriptException, match="broken"):
            await ask("/thrown")


async def test_a_server_that_does_not_listen() -> None:
    async with node_lab() as lab:
        source = """import { httpServerHandler } from "cloudflare:node";
        export default httpServerHandler({ port: 1 });"""
        ask = await serve(lab, source)
        with pytest.raises(ScriptException, match="Http server with port 1 not found"):
            await ask("/")


async def test_a_server_that_is_given() -> None:
    async with node_lab() as lab:
        source = """import { createServer } from "node:http";
        import { handleAsNodeRequest } from "cloudflare:node";
        const server = createServer();
        server.on("request", (req, res) => res.end(`${req.method} ${req.headers.host}`));
        server.listen(0);
        export default { fetch: (request) => handleAsNodeRequest(server.address().port, request) };"""
        assert (await (await serve(lab, source))("/")).body == b"GET undefined"


async def test_an_older_date_has_no_servers() -> None:
    async with node_lab() as lab:
        source = """import { createServer } from "node:http";
        export default { fetch() {
          try { createServer(); } catch (error) { return new Response(error.message); }
        } };"""
        ask = await serve(lab, source, "2025-08-31")
        assert (await ask("/")).body == b"The http.createServer method is not implemented"
