"""The clients of node:http and node:https, against a server on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from nodekit import node_lab


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request with what it was."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1")
    size = next(
        (
            int(line.split(":")[1])
            for line in head.split("\r\n")
            if line.lower().startswith("content-length:")
        ),
        0,
    )
    body = await reader.readexactly(size)
    seen = head.split("\r\n")[0].encode() + b"|" + body + b"|" + str("x-mine: 1" in head.lower()).encode()
    writer.write(
        b"HTTP/1.1 201 Created\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx-one: 1\r\nconnection: close\r\n"
    )
    writer.write(b"content-length: %d\r\n\r\n" % len(seen) + seen)
    await writer.drain()
    writer.close()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_request_with_a_body(port: int) -> None:
    source = """
import http from "node:http";
const answer = () => new Promise((resolve, reject) => {
  const to = { host: "127.0.0.1", port: PORT, path: "/p?q=1", method: "POST", headers: { "X-Mine": 1 } };
  const request = http.request(to);
  request.on("response", (message) => {
    let text = "";
    message.setEncoding("utf8");
    message.on("data", (chunk) => { text += chunk; });
    message.on("end", () => resolve([message.statusCode, message.statusMessage, message.headers["set-cookie"],
      message.headers["x-one"], text, message.complete]));
  });
  request.on("error", reject);
  request.write("he");
  request.end("llo");
});
""".replace("PORT", str(port))
    async with node_lab() as lab:
        given = await lab.run(source)
    assert given == [201, "Created", ["a=1", "b=2"], "1", "POST /p?q=1 HTTP/1.1|hello|True", True]


async def test_get_of_a_url_and_an_error(port: int) -> None:
    source = """
import { get } from "node:http";
import https from "node:https";
const answer = async () => {
  const text = await new Promise((resolve, reject) => {
    get("http://127.0.0.1:PORT/x", async (message) => {
      const parts = [];
      for await (const chunk of message) parts.push(chunk);
      resolve(Buffer.concat(parts).toString());
    }).on("error", reject);
  });
  const thrown = [];
  const wrong = [() => get("https://a"), () => https.get({ path: "/a b" }), () => https.request("nope")];
  for (const run of wrong) {
    try { run(); } catch (error) { thrown.push(error.code); }
  }
  const closed = get("http://127.0.0.1:1/");
  const gone = await new Promise((resolve) => closed.on("error", (error) => resolve(error instanceof Error)));
  return [text, thrown, gone];
};
""".replace("PORT", str(port))
    async with node_lab() as lab:
        text, thrown, gone = await lab.run(source)
    assert text == "GET /x HTTP/1.1||False"
    assert thrown == ["ERR_INVALID_PROTOCOL", "ERR_UNESCAPED_CHARACTERS", "ERR_INVALID_URL"]
    assert gone is True
