"""Workers with WebSockets, and clients of theirs, for the tests of both."""

from __future__ import annotations

import socket

from enginekit import RunningEngine
from websockets.sync.client import ClientConnection, connect

CODE = """
function echo(server) {
  server.accept();
  server.addEventListener("message", (event) => {
    const { data } = event;
    if (data === "close") server.close(4001, "as asked");
    else if (data === "throw") throw new Error("in a listener");
    else if (data === "loop") while (true) {}
    else if (data === "type") server.send(String(data.constructor === String));
    else if (data === "many") for (let i = 0; i < 100; i++) server.send(`${i}`);
    else if (data instanceof ArrayBuffer) server.send(data);
    else server.send(`echo ${data}`);
  });
}
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (request.headers.get("Upgrade") !== "websocket") return new Response("no upgrade", { status: 426 });
    switch (pathname) {
      case "/refuse": return new Response("not today", { status: 403 });
      case "/early": {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.send("first");
        server.send("second");
        server.close(1000, "done");
        return new Response(null, { status: 101, webSocket: client });
      }
      case "/protocol": {
        const [client, server] = Object.values(new WebSocketPair());
        echo(server);
        const headers = { "Sec-WebSocket-Protocol": "two" };
        return new Response(null, { status: 101, webSocket: client, headers });
      }
      case "/closes": {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.addEventListener("close", ({ code, reason, wasClean }) => {
          globalThis.last = JSON.stringify({ code, reason, wasClean, ready: server.readyState });
        });
        return new Response(null, { status: 101, webSocket: client });
      }
      case "/flood": {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.addEventListener("message", () => {
          const data = new Uint8Array(1 << 20);
          for (let i = 0; i < 20; i++) server.send(data);
        });
        return new Response(null, { status: 101, webSocket: client });
      }
      case "/accepted": {
        const [client] = Object.values(new WebSocketPair());
        client.accept();
        return new Response(null, { status: 101, webSocket: client });
      }
      case "/hang": return new Promise(() => {});
    }
    const pair = new WebSocketPair();
    echo(pair[1]);
    return new Response(null, { status: 101, webSocket: pair[0] });
  },
};
"""
FRONT = """
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/last") return env.BACK.fetch(request);
    if (url.pathname === "/pass") return env.BACK.fetch("http://back/", request);
    if (url.pathname === "/talk") {
      const answer = await env.BACK.fetch("http://back/", { headers: { Upgrade: "websocket" } });
      const ws = answer.webSocket;
      const got = [];
      const done = new Promise((resolve) => {
        ws.addEventListener("message", ({ data }) => { got.push(data); ws.send("close"); });
        ws.addEventListener("close", ({ code, reason }) => resolve(`${got} ${code} ${reason}`));
      });
      ws.accept();
      ws.send("hi");
      return new Response(`${answer.status} ${await done}`);
    }
    if (url.pathname === "/out") {
      const ws = new WebSocket(url.searchParams.get("to"), ["one", "two"]);
      const events = [];
      const done = new Promise((resolve) => {
        ws.onopen = () => {
          events.push(`open ${ws.protocol}`);
          ws.send("hello");
          ws.send(new Uint8Array([1, 2]));
        };
        ws.onmessage = ({ data }) => {
          events.push(typeof data === "string" ? data : [...new Uint8Array(data)].join());
          if (events.length === 3) ws.close(4000, "bye");
        };
        ws.onerror = ({ message }) => events.push("error");
        ws.onclose = ({ code, reason, wasClean }) => { events.push(`close ${code} ${wasClean}`); resolve(); };
      });
      await done;
      return Response.json(events);
    }
    if (url.pathname === "/local") {
      const [a, b] = Object.values(new WebSocketPair());
      const got = [];
      a.accept(); b.accept();
      const done = new Promise((resolve) => b.addEventListener("close", resolve));
      b.addEventListener("message", ({ data }) => got.push(data));
      a.send("x"); a.send("y"); a.close(1000, "z");
      const event = await done;
      return Response.json([got, event.code, event.reason, b.readyState]);
    }
    if (url.pathname === "/errors") {
      const told = [];
      const attempt = (run) => {
        try { run(); told.push("nothing"); } catch (error) { told.push(error.name); }
      };
      const [a, b] = Object.values(new WebSocketPair());
      attempt(() => a.send("x"));
      a.accept();
      attempt(() => a.close(1005));
      attempt(() => a.close(999));
      attempt(() => a.close(undefined, "reason"));
      attempt(() => a.close(4000, "x".repeat(124)));
      a.close(4000);
      attempt(() => a.send("x"));
      attempt(() => a.close());
      attempt(() => new WebSocket("ftp://x"));
      attempt(() => new WebSocket("ws://x", ["a b"]));
      attempt(() => new Response(null, { status: 101 }));
      return Response.json([told, WebSocket.OPEN, WebSocket.READY_STATE_CLOSED]);
    }
    if (url.pathname === "/not-asked") {
      return new Response(null, { status: 101, webSocket: new WebSocketPair()[0] });
    }
    return fetch(request);
  },
};
"""


def opened(
    engine: RunningEngine, path: str = "/", service: str = "sockets", **options: object
) -> ClientConnection:
    """A client's connection to a worker."""
    url = f"ws://{engine.host(service)}:{engine.port}{path}"
    sock = socket.create_connection(("127.0.0.1", engine.port), 10)
    return connect(url, sock=sock, compression=None, proxy=None, max_size=None, **options)  # type: ignore[arg-type]


def raw(engine: RunningEngine) -> socket.socket:
    """An open connection, frames by hand."""
    connection = socket.create_connection(("127.0.0.1", engine.port), 5)
    connection.sendall(
        f"GET / HTTP/1.1\r\nHost: {engine.host('sockets')}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    assert head.startswith(b"HTTP/1.1 101 ")
    return connection


def frame(first: int, payload: bytes = b"") -> bytes:
    """A client's frame, masked with zeros."""
    return bytes([first, 128 | len(payload)]) + bytes(4) + payload
