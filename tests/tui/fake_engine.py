"""An engine in memory: the methods of `tui.client.Engine` that the workbench uses, with scripted runs."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from tui.client import EngineAway, EngineError

Json = dict[str, Any]
Script = Callable[[Json], AsyncIterator[Json]]

WORKER = """\
export default {
  async fetch(request, env) {
    const note = await env.NOTES.get("note:17");
    return Response.json({ note });
  },
};
"""


class FakeEngine:
    """One service, `notes`, with production and staging."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.read_only = False
        self.address = "http://127.0.0.1:8787"
        self.account_id = "0" * 32
        self.away = False
        self.live: dict[str, Json] = {}
        self.runs: list[Json] = []
        self.cancelled = 0
        self.dropped: list[str] = []
        self.saves: list[Json] = []
        self.diagnostics: list[Json] = []
        self.checks = 0
        self.script: Script = answer
        self.feed: asyncio.Queue[Json] = asyncio.Queue()
        for environment, number in (("production", 38), ("staging", 41)):
            self.deploy(
                environment,
                number,
                [
                    {"name": "worker.js", "type": "esm", "text": WORKER},
                    {"name": "lib/words.js", "type": "esm", "text": "export const words = 1;\n"},
                    {"name": "logo.bin", "type": "data", "base64": "AAEC"},
                ],
            )

    def locate(self) -> bool:
        return True

    def deploy(self, environment: str, number: int, modules: Sequence[Json], main: str = "worker.js") -> None:
        """Make these modules live, as somebody else would."""
        self.live[environment] = {
            "version_id": f"version-{number}",
            "number": number,
            "main_module": main,
            "modules": [{**module, "size": len(module.get("text", "abc"))} for module in modules],
        }

    def announce(self, environment: str, number: int, author: str = "ana", source: str = "wrangler") -> None:
        """Tell the change feed of a deployment."""
        event = {
            "kind": "deployment",
            "service": "notes",
            "environment": environment,
            "version_number": number,
        }
        self.feed.put_nowait({**event, "author": author, "source": source, "seq": number, "at": ""})

    async def services(self) -> list[Json]:
        return []

    async def service_pages(self) -> AsyncIterator[tuple[list[Json], int]]:
        yield [], 0

    async def service(self, name: str) -> Json:
        raise EngineError(10007, f"There is no service {name}.", 404)

    async def modules(self, service: str, environment: str, version: str | None = None) -> Json:
        self._reachable()
        return self.live[environment]

    async def environment(self, service: str, environment: str) -> Json:
        self._reachable()
        host = "notes.dev.localhost" if environment == "production" else f"{environment}.notes.dev.localhost"
        return {"environment": environment, "hostname": host, "url": f"http://{host}:8787"}

    async def save(
        self,
        service: str,
        environment: str,
        modules: Sequence[Json],
        main: str,
        if_match: str | None,
        message: str | None = None,
    ) -> Json:
        self._reachable()
        live = self.live[environment]
        if if_match is not None and if_match != live["version_id"]:
            raise EngineError(10412, f"ana deployed v{live['number']} 2 minutes ago, while you edited.", 412)
        if any("SYNTAX" in module.get("text", "") for module in modules):
            raise EngineError(10021, "Unexpected token (worker.js:3:5).", 400)
        number = live["number"] + 1
        self.saves.append({"environment": environment, "modules": list(modules), "main": main})
        self.deploy(environment, number, modules, main)
        self.announce(environment, number, "me", "app")
        return {"version": {"id": f"version-{number}", "number": number}, "deployment": {}}

    async def check(self, service: str, environment: str, modules: Sequence[Json], main: str) -> list[Json]:
        self.checks += 1
        return self.diagnostics

    async def run(self, service: str, environment: str, payload: Json) -> AsyncIterator[Json]:
        self._reachable()
        self.runs.append(payload)
        try:
            async for event in self.script(payload):
                yield event
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise

    async def metrics(self, service: str | None = None, *, recent: bool = False) -> list[Json]:
        return []

    async def drop_writes(self, service: str, environment: str, session: str) -> None:
        self.dropped.append(session)

    async def changes(self, since: int | None = None) -> AsyncIterator[Json]:
        yield {"kind": "connected"}
        while True:
            yield await self.feed.get()

    async def close(self) -> None:
        return None

    def _reachable(self) -> None:
        if self.away:
            raise EngineAway("it stopped")


def body(content: bytes) -> Json:
    return {"type": "body", "base64": base64.b64encode(content).decode()}


async def answer(payload: Json) -> AsyncIterator[Json]:
    """A run that reads, writes into the sandbox, logs and answers with JSON."""
    content = b'{"note":{"title":"Groceries","tags":["home","weekly"]}}'
    where = {"service": "notes", "environment": "staging"}
    yield {"type": "started", "run": "1", "mode": payload["mode"], "at": ""}
    yield {
        "type": "console",
        "level": "warn",
        "text": "{ id: 17 }",
        "at": 1.5,
        "file": "worker.js",
        "line": 3,
        "column": 5,
        **where,
    }
    yield {
        "type": "call_start",
        "id": 1,
        "parent": None,
        "binding": "AUTH",
        "operation": "fetch",
        "subject": "GET /whoami",
        "start": 0.3,
    }
    yield {
        "type": "call",
        "id": 2,
        "parent": 1,
        "binding": "USERS",
        "operation": "get",
        "subject": "u:$ana[b]",
        "start": 1.0,
        "duration": 0.5,
        "result": "88 B",
        "kept_back": False,
    }
    yield {
        "type": "call",
        "id": 1,
        "parent": None,
        "binding": "AUTH",
        "operation": "fetch",
        "subject": "GET /whoami",
        "start": 0.3,
        "duration": 3.1,
        "result": "200",
        "kept_back": False,
    }
    yield {
        "type": "call",
        "id": 3,
        "parent": None,
        "binding": "NOTES",
        "operation": "put",
        "subject": "note:17",
        "start": 4.0,
        "duration": 1.1,
        "result": "kept back",
        "kept_back": True,
    }
    yield {
        "type": "response",
        "status": 201,
        "status_text": "Created",
        "time": 5.0,
        "headers": [["content-type", "application/json"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
    }
    yield body(content[:20])
    yield body(content[20:])
    yield {"type": "body_end", "size": len(content), "time": 6.0}
    yield {"type": "writes", "count": 1, "items": []}
    yield {"type": "end", "outcome": "ok", "wall": 6.0, "engine_restarted": False}


async def failure(payload: Json) -> AsyncIterator[Json]:
    """A run that throws in line 3 of the main module."""
    yield {"type": "started", "run": "1", "mode": "sandbox", "at": ""}
    stack = [
        {"function": "count", "file": "worker.js", "line": 3, "column": 11},
        {"function": "fetch", "file": "lib/words.js", "line": 1, "column": 1},
    ]
    yield {
        "type": "exception",
        "code": 1101,
        "name": "TypeError",
        "message": "note is null",
        "why": "no such key",
        "file": "worker.js",
        "line": 3,
        "column": 11,
        "stack": stack,
        "phase": "run",
    }
    yield {"type": "end", "outcome": "exception", "wall": 2.0, "engine_restarted": False}


async def cpu_limit(payload: Json) -> AsyncIterator[Json]:
    """A run that is stopped by the CPU limit."""
    yield {
        "type": "exception",
        "code": 1102,
        "name": "Error",
        "message": "CPU limit, 50 ms.",
        "why": None,
        "file": "worker.js",
        "line": 3,
        "column": 1,
        "stack": [],
        "phase": "run",
    }
    yield {"type": "end", "outcome": "exceededCpu", "wall": 50.0, "engine_restarted": True}


async def endless(payload: Json) -> AsyncIterator[Json]:
    """A run that never answers."""
    yield {"type": "started", "run": "1", "mode": "sandbox", "at": ""}
    await asyncio.sleep(3600)
