"""An engine of Durable Objects behind a real gateway, in this process: a test can let its objects sleep."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from durablekit import BINDING, HEAD, MIGRATION, Engine
from storekit import deployed
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from engine.gateway.dispatch import Dispatch
from engine.gateway.hostnames import Hostnames
from engine.gateway.listen import listen
from engine.gateway.router import Router
from engine.gateway.server import make_server
from engine.gateway.tail_socket import TailSockets
from engine.logs.logs import Logs
from engine.logs.tails import Tails
from engine.model import Settings

#: Seconds that a slow machine gets.
LIMIT = 30.0

ROOM = """
export class Thing extends DurableObject {
  born = Math.random();
  async fetch(request) {
    const url = new URL(request.url);
    if (request.headers.get("upgrade") !== "websocket") {
      return Response.json(await this.run(url.pathname.slice(1)));
    }
    const [client, server] = Object.values(new WebSocketPair());
    const tags = url.searchParams.getAll("tag");
    if (tags.length > 0) this.ctx.acceptWebSocket(server, tags);
    else this.ctx.acceptWebSocket(server);
    if (url.searchParams.has("greet")) server.send("hello");
    const name = url.searchParams.get("name");
    if (name !== null) server.serializeAttachment({ name, at: new Date(7) });
    return new Response(null, { status: 101, webSocket: client });
  }
  async webSocketMessage(ws, message) {
    if (typeof message === "string" && message.startsWith("{")) {
      ws.send(JSON.stringify(await this.run(JSON.parse(message).run, ws)));
    } else if (message instanceof ArrayBuffer) ws.send(message);
    else ws.send(`${this.ctx.id.name} ${message}`);
  }
  async webSocketClose(ws, code, reason, clean) {
    const closes = (await this.ctx.storage.get("closes")) ?? [];
    closes.push([code, reason, clean, ws.readyState, this.ctx.getWebSockets().includes(ws)]);
    await this.ctx.storage.put("closes", closes);
    if (code === 4009) ws.close(4010, "answered");
  }
  async webSocketError(ws, error) { await this.ctx.storage.put("error", [error.name, error.message]); }
  async alarm() { console.log("the alarm rings"); await this.ctx.storage.put("rung", 1); }
  say(word) { console.log(`said ${word}`); return word; }
  async run(code, ws) {
    const { ctx } = this;
    const AsyncFunction = (async () => {}).constructor;
    const attempt = (work) => {
      try { return work() ?? null; } catch (e) { return `${e.name}: ${e.message}`; }
    };
    switch (code) { CASES }
    throw new Error(`no case ${code}`);
  }
}
"""
WORKER = """
export default { async fetch(request, env) {
  const { pathname, search } = new URL(request.url);
  const [, name, rest] = pathname.split("/");
  return env.DO.getByName(name).fetch(new Request(`http://object/${rest ?? ""}${search}`, request));
} };
"""


class Place:
    """The engine, and where it listens."""

    def __init__(self, engine: Engine, port: int, logs: Logs) -> None:
        self.engine = engine
        self.port = port
        self.logs = logs
        self._known: set[str] = set()

    async def deploy(
        self,
        cases: str = "",
        service: str = "things",
        worker: str = WORKER,
        room: str = ROOM,
        limits: dict[str, Any] | None = None,
        compatibility_date: str = "2026-11-01",
        bindings: tuple[dict[str, Any], ...] = (),
    ) -> None:
        """Deploy the class, with what `run` can do, and a worker that passes requests on to its objects."""
        code = HEAD + (room.replace("CASES", cases) if not bindings else "") + worker
        options: dict[str, Any] = {"bindings": bindings or (BINDING,)}
        if not bindings and service not in self._known:
            options["migrations"] = MIGRATION
            self._known.add(service)
        settings = Settings(compatibility_date, limits=limits or {})
        await deployed(self.engine.store, service, code, settings=settings, **options)

    def connect(self, query: str = "", name: str = "room", service: str = "things") -> Any:
        """A client of an object, by way of its worker."""
        sock = socket.create_connection(("127.0.0.1", self.port), LIMIT)
        url = f"ws://{service}.dev.localhost:{self.port}/{name}?{query}"
        return connect(
            url,
            sock=sock,
            compression=None,
            proxy=None,
            max_size=None,
            open_timeout=LIMIT,
            close_timeout=LIMIT,
        )

    async def ask(self, case: str, name: str = "room", service: str = "things") -> Any:
        """What the object answers to a request, without a WebSocket."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"GET /{name}/{case} HTTP/1.1\r\nHost: {service}.dev.localhost\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.read(), LIMIT)
        writer.close()
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    async def sleeps(self) -> None:
        """Wait until no object is in memory."""
        await until(lambda: not any(house.living for house in self.engine.objects.houses))


async def run(connection: ClientConnection, case: str) -> Any:
    """What the object answers to a message."""
    await connection.send(json.dumps({"run": case}))
    return json.loads(await asyncio.wait_for(connection.recv(), LIMIT))


async def say(connection: ClientConnection, word: str | bytes) -> Any:
    """The answer to a message."""
    await connection.send(word)
    return await asyncio.wait_for(connection.recv(), LIMIT)


async def closed(connection: ClientConnection) -> tuple[int, str]:
    """Code and reason with which the other side closes."""
    try:
        while True:
            await asyncio.wait_for(connection.recv(), LIMIT)
    except ConnectionClosed:
        return connection.close_code or 0, connection.close_reason or ""


async def until(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(LIMIT):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    """One that is closed at the end."""
    logs = Logs()
    engine = Engine(folder, logs)
    router = Router(Hostnames(engine.store.account.subdomain))
    await engine.store.read(router.load)
    engine.store.subscribe(router.on_change)

    async def nothing(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("not asked for")

    dispatch = Dispatch(router, engine.environments, nothing, TailSockets(Tails(), logs), nothing)
    server = make_server(dispatch)
    listening = listen("127.0.0.1", 0)
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        yield Place(engine, listening.getsockname()[1], logs)
    finally:
        engine.objects.stop()
        server.stop()
        await serving
        await engine.close()
