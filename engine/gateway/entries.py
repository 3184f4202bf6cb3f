"""The entries of one process: what answers for each environment that was reached, loaded and let go.

Nothing is asked of the store for a request: which versions answer is read when an environment is first
reached, and again after a deployment changed it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any

from engine.assets.sites import Sites
from engine.gateway.entry import Entry, Slot, current_deployment, limits_of, read_live
from engine.gateway.errors import NoCode
from engine.model import Deployment, Module, Version
from engine.runtime.compile import Compiler
from engine.runtime.limits import Limits
from engine.runtime.worker import Worker
from engine.store import Connection, Store, modules

#: Environments whose workers are kept; beyond it the longest unused is let go. The runtime's pool bounds
#: the isolates behind them more tightly.
KEPT = 256

Key = tuple[str, str]
Code = Sequence[Module]

log = logging.getLogger("engine.environments")


class Entries:
    """What was loaded.

    Args:
        store: where versions are.
        compiler: makes programs of modules.
        sites: the versions' static files.
        limits: of every worker; a version's own CPU limit wins over it.
        make: a worker of a version, its program and its limits.
    """

    def __init__(
        self,
        store: Store,
        compiler: Compiler,
        sites: Sites,
        limits: Limits,
        make: Callable[[Version, Any, Limits], Worker],
    ) -> None:
        self._store = store
        self._compiler = compiler
        self._sites = sites
        self._limits = limits
        self._make = make
        self._entries: dict[Key, Entry] = {}
        self._slots: dict[str, Slot] = {}
        self._loading: dict[Key, asyncio.Task[Entry]] = {}
        self._changed: dict[Key, int] = {}
        self._clock = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def known(self, key: Key) -> Entry | None:
        """The entry of an environment, if it was loaded and nothing has changed it."""
        return self._entries.get(key)

    async def current(self, key: Key) -> Entry:
        """The entry of what is live now, for who does not hear of deployments.

        Raises:
            NoCode: nothing was deployed to the environment.
            ApiError: there is no such environment.
        """
        entry = self._entries.get(key)
        if entry is None:
            return await self.load(key)
        deployment = await self._store.read(lambda connection: current_deployment(connection, key))
        if deployment is not None and deployment.id == entry.deployment_id:
            return entry
        self.forget(key)
        return await self.load(key)

    def use(self, entry: Entry) -> None:
        """It was asked: the longest unused goes first."""
        self._clock += 1
        entry.used = self._clock

    def of(self, services: set[str | None]) -> list[Key]:
        """The environments of some services that are loaded, or being loaded."""
        return [key for key in (*self._entries, *self._loading) if key[0] in services]

    def forget(self, key: Key) -> None:
        """Let an entry go, and what is being loaded for it."""
        self._changed[key] = self._changed.get(key, 0) + 1
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.release(entry.slots)

    def renew(self, key: Key) -> None:
        """New code came: if the environment is in use, its next request is not to wait for the start."""
        entry = self._entries.get(key)
        running = entry is not None and any(slot.worker.isolates for slot in entry.slots)
        self.forget(key)
        if entry is not None:
            self._spawn(self._warm(key, running))

    async def _warm(self, key: Key, running: bool) -> None:
        try:
            entry = await self.load(key)
            if running and entry.single is not None:
                await entry.single.worker.start()
        except Exception as error:  # the request that needs it will meet the error itself
            log.debug("%s of %s did not start ahead: %s", key[1], key[0], error)

    async def load(self, key: Key) -> Entry:
        """Load an environment; requests that come meanwhile wait for the same load."""
        task = self._loading.get(key)
        if task is None:
            task = asyncio.ensure_future(self._load(key))
            self._loading[key] = task
            task.add_done_callback(lambda done: self._loaded(key, done))
        return await asyncio.shield(task)

    def _loaded(self, key: Key, done: asyncio.Task[Entry]) -> None:
        self._loading.pop(key, None)
        if not done.cancelled():
            done.exception()  # seen: every waiting request got it

    async def _load(self, key: Key) -> Entry:
        while True:
            mark = self._changed.get(key, 0)
            deployment, found = await self._store.read(partial(self._read, key))
            if deployment is None:
                raise NoCode(f"nothing was deployed to {key[1]} of {key[0]} so far")
            entry = await self._make_entry(deployment, found)
            if self._changed.get(key, 0) == mark:
                self.use(entry)
                self._entries[key] = entry
                self._make_room()
                return entry
            self.release(entry.slots)  # it changed while it was being loaded

    def _read(self, key: Key, connection: Connection) -> tuple[Deployment | None, list[tuple[Version, Code]]]:
        """The live deployment, and its versions, with their code where they do not run yet."""
        deployment, found = read_live(connection, key)
        running = self._slots
        return deployment, [
            (each, () if each.id in running else modules.load(connection, each.modules)) for each in found
        ]

    async def _make_entry(self, deployment: Deployment, found: list[tuple[Version, Code]]) -> Entry:
        slots: list[Slot] = []
        try:
            for version, code in found:
                slots.append(await self.start(version, code))
        except BaseException:
            self.release(slots)
            raise
        return Entry(deployment.id, tuple(slots), tuple(share for _, share in deployment.versions))

    async def start(self, version: Version, code: Code = ()) -> Slot:
        """The slot of a version, used once more; its code, if it was read already."""
        slot = self._slots.get(version.id) or await self._slot(version, code)
        slot.uses += 1
        return slot

    async def _slot(self, version: Version, code: Code) -> Slot:
        code = code or await self._store.read(lambda connection: modules.load(connection, version.modules))
        program = await self._compiler.compile(
            code,
            version.main_module,
            version.settings.compatibility_date,
            version.settings.compatibility_flags,
        )
        site = await self._sites.of(version)
        slot = self._slots.get(version.id)  # another environment may have loaded it meanwhile
        if slot is None:
            limits = limits_of(version, self._limits)
            slot = Slot(version, self._make(version, program, limits), site=site)
            self._slots[version.id] = slot
        return slot

    # ------------------------------------------------------------------ letting go

    def _make_room(self) -> None:
        while len(self._entries) > KEPT:
            key = min(self._entries, key=lambda each: self._entries[each].used)
            self.release(self._entries.pop(key).slots)

    def release(self, slots: Iterable[Slot]) -> None:
        """Close the workers that no entry uses any more; what is in flight in them ends first."""
        for slot in slots:
            slot.uses -= 1
            if slot.uses == 0:
                del self._slots[slot.version.id]
                self._spawn(slot.worker.close())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let everything go; returns when what was in flight has ended."""
        for entry in list(self._entries.values()):
            self.release(entry.slots)
        self._entries.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)
