"""The live process: the API and every environment's hostname, on the socket that the supervisor opened."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from engine import seed
from engine.api.app import Api
from engine.api.call import Engine
from engine.drafts.client import Drafts
from engine.errors import StoreError
from engine.gateway import vitals
from engine.gateway.dispatch import Dispatch
from engine.gateway.environments import Environments
from engine.gateway.hostnames import Hostnames
from engine.gateway.programs import StoredPrograms
from engine.gateway.server import make_server
from engine.gateway.validate import Validator
from engine.model import Change
from engine.runtime.compile import Compiler
from engine.runtime.limits import Limits
from engine.runtime.pool import Runtime
from engine.statefolder import StateFolder
from engine.store import Connection, Store, kv, services

#: Seconds between two looks for expired KV entries.
SWEEP = 60.0
SWEPT = 1000
#: Seconds after the start until what is needed less often is imported.
WARM_DELAY = 1.0
#: Seconds until V8 must answer, and seconds that requests get when this process gives itself up.
PATIENCE, FAREWELL = 5.0, 1.0

log = logging.getLogger("engine.live")


class Live:
    """Everything the live process is made of.

    Args:
        folder: the state folder.
        store: its database, open.
        sock: the listening socket.
        address: where the engine is reached.
    """

    def __init__(self, folder: StateFolder, store: Store, sock: socket.socket, address: str) -> None:
        self._store = store
        self._sock = sock
        self._runtime = Runtime()
        programs = StoredPrograms(store, writes=True)
        self._compiler = Compiler(programs)
        self._environments = Environments(store, self._runtime, self._compiler, Limits())
        self._hostnames = Hostnames(store.account.subdomain)
        drafts = Drafts(folder.drafts_socket)
        self._engine = Engine(
            store=store,
            environments=self._environments,
            drafts=drafts,
            validate=Validator(drafts, programs),
            folder=folder,
            address=address,
            token=folder.token.read_text("ascii").strip(),
            started_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        )
        dispatch = Dispatch(self._hostnames, self._environments, Api(self._engine))
        self._server = make_server(dispatch)
        self._tasks: set[asyncio.Task[None]] = set()

    async def prepare(self, *, samples: bool) -> None:
        """Seed a new account, learn every hostname, and boot a spare isolate."""
        self._store.subscribe(self._environments.on_change)
        if samples:
            await seed.plant(self._store)
        for each in await self._store.read(services.listing):
            self._hostnames.set_service(
                each.id, [place.name for place in each.environments if place.subdomain_enabled]
            )
        self._store.subscribe(self._on_change)
        self._spawn(self._runtime.warm())
        self._spawn(self._warm_outgoing())
        self._spawn(self._sweep())
        self._spawn(vitals.watch(self._runtime, PATIENCE, self._farewell))

    async def serve(self) -> None:
        """Answer requests until `stop`, and then until what is in flight has been answered."""
        gc.collect()
        gc.freeze()  # what is here now stays: no need to look through it again and again
        await self._server.serve(sockets=[self._sock])

    def stop(self) -> None:
        """Take no new connections and end the endless answers."""
        self._engine.stopping.set()
        self._server.stop()

    async def _farewell(self) -> None:
        """V8 is stuck: what other isolates are about to answer gets a moment."""
        self.stop()
        await asyncio.sleep(FAREWELL)

    async def close(self) -> None:
        """Free the isolates and the database."""
        for task in self._tasks:
            task.cancel()
        await self._runtime.close()
        await asyncio.to_thread(self._store.close)

    # ------------------------------------------------------------------ hostnames

    def _on_change(self, change: Change) -> None:
        """Keep the hostnames current: before a change is acknowledged, where only names tell what it is."""
        service = change.service
        if service is None or change.kind in {"deployment", "version", "kv", "service.created"}:
            return
        names = self._hostnames.environments(service)
        match change.kind:
            case "environment.created" if change.environment:
                self._hostnames.set_service(service, [*names, change.environment])
            case "environment.deleted":
                self._hostnames.set_service(service, [name for name in names if name != change.environment])
            case "environment.renamed" if change.environment:
                kept = [name for name in names if name != change.old_environment]
                self._hostnames.set_service(service, [*kept, change.environment])
            case "service.deleted":
                self._hostnames.set_service(service, [])
            case "service.renamed":
                old = str(change.detail.get("old_service"))
                moved = self._hostnames.environments(old)
                self._hostnames.set_service(old, [])
                self._hostnames.set_service(service, moved)
            case "environment.changed" if change.environment:
                kept = [name for name in names if name != change.environment]
                if change.detail.get("subdomain_enabled"):
                    kept.append(change.environment)
                self._hostnames.set_service(service, kept)

    # ------------------------------------------------------------------ housekeeping

    async def _warm_outgoing(self) -> None:
        """Once the first requests have had the processor to themselves."""
        await asyncio.sleep(WARM_DELAY)
        await self._runtime.warm_outgoing()

    async def _sweep(self) -> None:
        """Free expired KV entries, a short transaction at a time."""
        while True:
            await asyncio.sleep(SWEEP)
            try:
                freed = SWEPT
                while freed >= SWEPT:
                    freed = await self._store.write(_sweep)
            except StoreError as error:  # another process writes: there is always a next time
                log.info("expired KV entries were not freed: %s", error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _sweep(connection: Connection) -> int:
    return kv.sweep(connection, SWEPT)
