"""An account in memory, for the browse screen: the methods of `tui.client.Engine` that it uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from waiting import until

from tui.app import SvcApp
from tui.client import EngineAway, EngineError
from tui.options import Options
from tui.screens.browse import BrowseScreen

Json = dict[str, Any]
NOW = "2026-11-23T14:02:11.204000Z"
BINDINGS: list[Json] = [
    {"name": "NOTES", "type": "kv_namespace", "namespace_id": "0" * 32, "title": "notes-kv", "keys": 4218},
    {"name": "AUTH", "type": "service", "service": "auth", "environment": "production", "number": 12},
    {"name": "MAX_NOTES", "type": "plain_text", "text": "500"},
    {"name": "RULES", "type": "json", "json": {"tags": ["[b]home[/b]"]}},
    {"name": "API_KEY", "type": "secret_text"},
]


class Account:
    """Services and environments that can be changed, and a feed that tells of it."""

    def __init__(self, **services: dict[str, int | None]) -> None:
        self.things = services
        self.address = "http://127.0.0.1:8787"
        self.read_only = False
        self.state = Path()
        self.away = ""
        self.asked: list[tuple[Any, ...]] = []
        self.details = 0
        self.page = 100
        self.metrics_rows: list[Json] = []
        self.log_records: list[Json] = []
        self.feeds: list[asyncio.Queue[Json | None]] = []

    def locate(self) -> bool:
        return True

    def tell(self, kind: str, service: str, environment: str | None = None, **more: Any) -> None:
        """Put a change into every open feed."""
        change = {"seq": 1, "kind": kind, "service": service, "environment": environment, "at": NOW}
        for feed in self.feeds:
            feed.put_nowait({**change, "author": "ana", "source": "app", "message": None, **more})

    def stop(self, reason: str) -> None:
        """The engine goes away."""
        self.away = reason
        for feed in self.feeds:
            feed.put_nowait(None)

    def summary(self, service: str, environment: str) -> Json:
        number = self.things[service][environment]
        host = ("" if environment == "production" else f"{environment}.") + f"{service}.dev.localhost"
        live = {"version_id": f"{service}-{number}", "number": number, "created_on": NOW, "percentage": 100}
        return {
            "environment": environment,
            "production": environment == "production",
            "created_on": NOW,
            "modified_on": NOW,
            "hostname": host,
            "url": f"http://{host}:8787",
            "live": None if number is None else live,
            "versions_count": number or 0,
        }

    async def services(self) -> list[Json]:
        self.reachable()
        return [
            {"id": name, "created_on": NOW, "environments": [self.summary(name, one) for one in environments]}
            for name, environments in self.things.items()
        ]

    async def service_pages(self) -> AsyncIterator[tuple[list[Json], int]]:
        found = await self.services()
        for start in range(0, max(1, len(found)), self.page):
            yield found[start : start + self.page], len(found)

    async def service(self, name: str) -> Json:
        self.reachable()
        if name not in self.things:
            raise EngineError(10007, f"There is no service {name}.", 404)
        return {
            "id": name,
            "created_on": NOW,
            "environments": [self.summary(name, one) for one in self.things[name]],
        }

    async def environment(self, service: str, environment: str) -> Json:
        self.reachable()
        self.details += 1
        if environment not in self.things.get(service, {}):
            raise EngineError(10092, f"{service} has no environment {environment}.", 404)
        summary = self.summary(service, environment)
        deployment = {
            "created_on": NOW,
            "author_email": "ana",
            "annotations": {"workers/message": "Cap list at 500 [now]"},
            "versions": [{"version_id": "x", "percentage": 100, "number": self.things[service][environment]}],
        }
        return {
            **summary,
            "urls": [summary["url"]],
            "bindings": BINDINGS if service == "notes" else [],
            "settings": {"compatibility_date": "2026-09-01", "compatibility_flags": [], "limits": {}},
            "deployments": [deployment] if summary["live"] else [],
            "deployments_count": 61 if summary["live"] else 0,
        }

    async def modules(self, service: str, environment: str, version: str | None = None) -> Json:
        worker = {"name": "worker.js", "type": "esm", "size": 19, "text": "export default {};\n"}
        number = self.things[service][environment]
        live = {"version_id": f"{service}-{number}", "number": number}
        return {**live, "main_module": "worker.js", "modules": [worker]}

    async def diff(self, service: str, source: str, target: str) -> Json:
        self.asked.append(("diff", service, source, target))
        ends = {
            side: {"environment": name, "version_id": name, "number": 1}
            for side, name in (("from", source), ("to", target))
        }
        return {**ends, "settings": [], "modules": []}

    async def deployments(self, service: str, environment: str) -> list[Json]:
        return []

    async def versions(self, service: str, environment: str) -> list[Json]:
        return []

    async def check(self, *_: Any) -> list[Json]:
        return []

    async def clone(self, service: str, source: str, target: str, data: str = "own") -> Json:
        self.asked.append(("clone", service, source, target, data))
        self.things[service][target] = self.things[service][source]
        return self.summary(service, target)

    async def create_environment(self, service: str, environment: str) -> Json:
        self.asked.append(("create", service, environment))
        if environment in self.things[service]:
            raise EngineError(10040, f"{service} has a {environment} already.", 409)
        self.things[service][environment] = 1
        return self.summary(service, environment)

    async def create_service(self, name: str, template: str = "hello") -> Json:
        self.asked.append(("create", name))
        self.things[name] = {"production": 1}
        return {"id": name}

    async def rename(self, service: str, environment: str, name: str) -> Json:
        self.asked.append(("rename", service, environment, name))
        self.things[service][name] = self.things[service].pop(environment)
        return self.summary(service, name)

    async def delete_environment(self, service: str, environment: str) -> None:
        self.asked.append(("delete", service, environment))
        del self.things[service][environment]

    async def delete_service(self, service: str) -> None:
        self.asked.append(("delete", service))
        del self.things[service]

    async def metrics(self, service: str | None = None, *, recent: bool = False) -> list[Json]:
        self.reachable()
        return [row for row in self.metrics_rows if service in (None, row["service"])]

    async def logs(self, service: str, environment: str | None, **_: Any) -> tuple[list[Json], None]:
        self.reachable()
        return self.log_records, None

    async def log_stream(self, service: str, environment: str | None) -> AsyncIterator[Json]:
        yield {}
        await asyncio.Event().wait()

    async def settings(self, service: str, environment: str) -> Json:
        return {"bindings": BINDINGS if service == "notes" else [], "compatibility_date": "2026-09-01"}

    async def schedules(self, service: str, environment: str) -> list[Json]:
        return []

    async def routes(self, service: str, environment: str) -> list[Json]:
        return []

    async def domains(self, service: str, environment: str) -> list[Json]:
        return []

    async def kv_namespaces(self) -> list[Json]:
        return []

    d1_databases = r2_buckets = object_namespaces = queues = workflows = kv_namespaces

    async def status(self) -> Json:
        return {"subdomain": "dev"}

    async def changes(self, since: int | None = None) -> AsyncIterator[Json]:
        self.reachable()
        feed: asyncio.Queue[Json | None] = asyncio.Queue()
        self.feeds.append(feed)
        try:
            yield {"kind": "connected"}
            while (change := await feed.get()) is not None:
                yield change
        finally:
            self.feeds.remove(feed)
        raise EngineAway(self.away)

    async def close(self) -> None:
        return None

    def reachable(self) -> None:
        if self.away:
            raise EngineAway(self.away)


class StillLauncher:
    """Starts nothing; says what it is told to say."""

    def __init__(self) -> None:
        self.answer = "port 8787 is in use"
        self.started = 0

    async def start(self) -> str:
        self.started += 1
        return self.answer


def notes() -> Account:
    """The account most tests look at."""
    return Account(
        auth={"production": 12, "staging": 13},
        notes={"production": 38, "ana-dev": None, "staging": 41},
    )


def app_on(account: Account, state: Path, **options: Any) -> SvcApp:
    """The real app on an account in memory."""
    app = SvcApp(Options(state, **options))
    account.read_only, account.state = app.read_only, state
    launcher: Any = StillLauncher()
    engine: Any = account
    app.engine = app.feed.engine = engine
    app.feed.launcher = launcher
    return app


async def browsing(pilot: Pilot[None]) -> BrowseScreen:
    """The browse screen, with its services on it."""
    browse = pilot.app.screen_stack[0]
    assert isinstance(browse, BrowseScreen)
    await until(pilot, lambda: browse.loaded)
    return browse
