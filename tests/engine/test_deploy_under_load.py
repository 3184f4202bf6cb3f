"""Deploying while 64 connections ask: every request is answered, and none by the old code after the answer.

    SVC_LOAD_SECONDS=60 python -m pytest -n0 tests/engine/test_deploy_under_load.py -s

goes on that long.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httptools
from enginekit import RunningEngine, environment_path, upload, worker_path

CONNECTIONS = 64
SECONDS = float(os.environ.get("SVC_LOAD_SECONDS", "0"))
DEPLOYS = 12


@dataclass
class Seen:
    """What the connections saw.

    Attributes:
        acknowledged: the newest turn whose deployment has been answered.
        answers: how many answers there were.
        faults: everything that no client may see.
        over: no more requests are sent.
        wanted: how many answers are waited for by `enough`.
    """

    acknowledged: int = 0
    answers: int = 0
    faults: list[str] = field(default_factory=list)
    over: bool = False
    wanted: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)


class Connection(asyncio.Protocol):
    """Asks again as soon as it is answered."""

    def __init__(self, seen: Seen, host: str) -> None:
        self.seen = seen
        self.request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self.least = 0
        self.body = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.send()

    def send(self) -> None:
        if self.seen.over:
            self.transport.close()
            return
        self.body = b""
        self.parser = httptools.HttpResponseParser(self)
        # Nothing older than what was acknowledged before this request was written may answer it.
        self.least = self.seen.acknowledged
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        seen = self.seen
        seen.answers += 1
        if seen.answers >= seen.wanted:
            seen.enough.set()
        status = self.parser.get_status_code()
        if status != 200:
            seen.faults.append(f"{status} {self.body[:200]!r}")
        elif int(self.body) < self.least:
            seen.faults.append(f"turn {int(self.body)} answered after {self.least} was acknowledged")
        asyncio.get_running_loop().call_soon(self.send)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.seen.over:
            self.seen.faults.append(f"the connection was closed: {error}")
        if not self.done.done():
            self.done.set_result(None)


def code(turn: int) -> str:
    return f"export default {{ fetch() {{ return new Response('{turn}') }} }}"


async def under_load(engine: RunningEngine, service: str, change: Callable[[int], None], turns: int) -> Seen:
    """Change a service again and again while it is asked."""
    loop = asyncio.get_running_loop()
    seen = Seen(acknowledged=0)
    connections = []
    for _ in range(CONNECTIONS):
        _, made = await loop.create_connection(
            lambda: Connection(seen, engine.host(service)), "127.0.0.1", engine.port
        )
        connections.append(made)
    end = time.monotonic() + SECONDS
    turn = 0
    while turn < turns or time.monotonic() < end:
        turn += 1
        await asyncio.to_thread(change, turn)
        seen.acknowledged = turn
        seen.wanted = seen.answers + CONNECTIONS * 2
        seen.enough.clear()
        await asyncio.wait_for(seen.enough.wait(), 60)
        if seen.faults:
            break
    seen.over = True
    await asyncio.wait_for(asyncio.gather(*(each.done for each in connections)), 30)
    print(f"\n{turn} deployments, {seen.answers} answers")
    return seen


async def test_no_request_fails_and_none_gets_old_code(engine: RunningEngine, service: str):
    engine.deploy(service, code(0))
    seen = await under_load(engine, service, lambda turn: _put(engine, service, turn), DEPLOYS)
    assert seen.faults == []
    assert seen.answers >= DEPLOYS * CONNECTIONS * 2


async def test_promotions_under_load(engine: RunningEngine, service: str):
    engine.deploy(service, code(0))
    engine.result("POST", f"{environment_path(service)}/copy/next", status=201)

    def promote(turn: int) -> None:
        engine.deploy(service, code(turn), "next")
        body = {"from": "next", "to": "production"}
        engine.result("POST", f"/workers/services/{service}/promotions", json=body)

    seen = await under_load(engine, service, promote, 4)
    assert seen.faults == []


def _put(engine: RunningEngine, service: str, turn: int) -> None:
    """In turns as wrangler's first deploy does it, and as its later ones."""
    if turn % 2:
        engine.deploy(service, code(turn))
        return
    path = worker_path(service)
    made = engine.result("POST", f"{path}/versions", **upload({"worker.js": code(turn)}))
    shares = [{"version_id": made["id"], "percentage": 100}]
    engine.result("POST", f"{path}/deployments", json={"strategy": "percentage", "versions": shares})
