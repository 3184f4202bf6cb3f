"""What runs: for each environment the workers of the versions that its live deployment names.

Nothing is asked of the store for a request: which versions answer is read when an environment is first
reached, and again after a deployment changed it. A deployment replaces the whole entry at once, so the
next request gets the new code, while requests in flight end where they began.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from engine import bindings
from engine.analytics.points import Points
from engine.assets.site import Site
from engine.assets.sites import Sites
from engine.bindings.cache import Caches
from engine.durable.objects import Objects
from engine.gateway.entry import Entry, Slot, current_deployment, limits_of, read_live
from engine.gateway.errors import NoCode
from engine.gateway.previews import Previews
from engine.logs.logs import Event, Logs
from engine.model import Change, Deployment, Module, Version
from engine.quarantine import Quarantine
from engine.queues.queues import Queues
from engine.runtime.compatibility import compatibility
from engine.runtime.compile import Compiler
from engine.runtime.http import Body, Request, Response
from engine.runtime.invocation import Invocation
from engine.runtime.limits import Limits
from engine.runtime.pool import Runtime
from engine.runtime.worker import Worker
from engine.store import Connection, Store, environments, modules
from engine.workflows.workflows import Workflows

#: Environments whose workers are kept; beyond it the longest unused is let go. The runtime's pool bounds
#: the isolates behind them more tightly.
KEPT = 256

#: Changes that leave alone what runs.
STAYS = frozenset({"version", "kv", "route.changed", "domain.changed", "schedule.changed"})

Key = tuple[str, str]
Code = Sequence[Module]
T = TypeVar("T")

log = logging.getLogger("engine.environments")


class Environments:
    """The environments of one process.

    Args:
        store: where versions are.
        runtime: starts workers.
        compiler: makes programs of modules.
        limits: of every worker; a version's own CPU limit wins over it.
        follows: whether this process hears of every deployment (the live one does); another one looks
            before each request whether what it has is still current.
        logs: records what deployed workers do; None records nothing.
        quarantine: which versions run in processes of their own; None is none.
    """

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        compiler: Compiler,
        limits: Limits,
        *,
        follows: bool = True,
        logs: Logs | None = None,
        quarantine: Quarantine | None = None,
    ) -> None:
        self._store = store
        self._quarantine = quarantine
        self._runtime = runtime
        runtime.caches = Caches(store)
        self._compiler = compiler
        self._limits = limits
        self._follows = follows
        self._logs = logs
        self.objects = Objects(store, self, runtime.handles, compiler, limits, live=follows, logs=logs)
        self.queues = Queues(store, self)
        self._sites = Sites(store)
        self.points = Points(store)
        self.workflows = Workflows(store, self)
        self._context = bindings.Context(
            store,
            self,
            self.objects,
            self._sites,
            self.queues,
            points=self.points,
            workflows=self.workflows,
        )
        self._entries: dict[Key, Entry] = {}
        self._slots: dict[str, Slot] = {}
        self._loading: dict[Key, asyncio.Task[Entry]] = {}
        self._changed: dict[Key, int] = {}
        self._clock = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._previews = Previews(store, self._start, self._release)

    platform: Callable[[Request], Awaitable[Response]] | None = None

    @property
    def isolates(self) -> int:
        """How many isolates the process has."""
        return self._runtime.isolates

    async def fetch(
        self,
        service: str,
        environment: str,
        request: Request,
        invocation: Invocation,
        *,
        entrypoint: str | None = None,
        props: Any = None,
    ) -> Response:
        """Answer a request with what is live in an environment.

        Raises:
            ApiError: 10007 or 10092, there is no such environment.
            NoCode: nothing was deployed to it.
            WorkerError: its code failed.
        """
        slot = await self._choose((service, environment), request)
        return await self._ask(slot, request, invocation, entrypoint, props)

    async def fetch_preview(
        self, service: str, environment: str, name: str, request: Request, invocation: Invocation
    ) -> Response:
        """Answer a request with one version, by the first eight digits of its id or its alias.

        Raises:
            ApiError: 10071, there is none.
            WorkerError: its code failed.
        """
        slot = await self._previews.slot(service, environment, name)
        return await self._ask(slot, request, invocation, None, None)

    async def dispatch(
        self,
        name: str,
        payload: Any,
        invocation: Invocation,
        event: Mapping[str, Any] | None = None,
        body: Body = None,
    ) -> Any:
        """Run the handler of another event, such as "scheduled", of what is live in its environment.

        `event` is what traces say of it, where that is not the payload; `body` is an email's.

        Raises:
            ApiError, NoCode, WorkerError: as `fetch`.
        """
        slot = await self._choose((invocation.service, invocation.environment), None)
        invocation.version = slot.version.id
        work = slot.worker.dispatch(name, payload, body, invocation)
        return await self._run(invocation, payload if event is None else event, work)

    async def _ask(
        self, slot: Slot, request: Request, invocation: Invocation, entrypoint: str | None, props: Any
    ) -> Response:
        invocation.version = slot.version.id
        if slot.site is not None and entrypoint is None:
            file = await slot.site.before_worker(request)
            if file is not None:
                if self._logs is not None and invocation.mode == "deployed":
                    self._logs.served(invocation, file.status)
                return file
        work = slot.worker.fetch(request, invocation, entrypoint=entrypoint, props=props)
        return await self._run(invocation, request, work, entrypoint)

    async def _run(
        self, invocation: Invocation, event: Event, work: Awaitable[T], entrypoint: str | None = None
    ) -> T:
        """Do the work of an invocation, recorded where it is deployed code."""
        if self._logs is None or invocation.mode != "deployed":
            return await work
        return await self._logs.record(invocation, event, work, entrypoint)

    async def remote(
        self,
        service: str,
        environment: str,
        caller: Invocation,
        call: dict[str, Any],
        body: Body,
        *,
        parent_call: int | None = None,
        entrypoint: str | None = None,
        props: Any = None,
    ) -> bindings.Result:
        """Make an RPC call in what is live in an environment.

        Raises:
            ApiError, NoCode, WorkerError: as `fetch`.
        """
        slot = await self._choose((service, environment), None)
        child = caller.child(service, environment, parent_call)
        child.version = slot.version.id

        async def run(call: dict[str, Any], body: Body, child: Invocation) -> bindings.Result:
            work = slot.worker.remote(call, body, child, entrypoint=entrypoint, props=props)
            return await self._run(child, {"rpcMethod": ".".join(call["path"])}, work, entrypoint)

        return await self._runtime.handles.invoke(caller, child, call, body, run)

    async def _choose(self, key: Key, request: Request | None) -> Slot:
        """The version that answers this time."""
        entry = self._entries.get(key)
        if entry is None or not self._follows:
            entry = await self._current(key)
        self._clock += 1
        entry.used = self._clock
        return entry.single or entry.choose(request.headers if request else (), *key)

    async def well(self, patience: float) -> bool:
        """Whether V8 has let go of everything that was given up, waiting `patience` seconds for it."""
        return await self._runtime.well(patience)

    async def live(self, service: str, environment: str) -> Version | None:
        """The version whose bindings and settings a draft gets: that with the largest share."""
        found = await self._store.read(lambda connection: environments.live(connection, service, environment))
        return found.version

    async def site(self, version: Version) -> Site | None:
        """The static files of a version, deployed or not; None when it has none."""
        return await self._sites.of(version)

    def make_worker(
        self,
        version: Version,
        program: Any,
        limits: Limits,
        *,
        exclusive: bool = False,
        kind: type[Worker] = Worker,
    ) -> Worker:
        """A worker of a version's bindings and of a program that need not be the version's own."""
        made = bindings.build(version, self._context)
        worker = self._runtime.worker(program, made, limits, exclusive=exclusive, kind=kind)
        worker.version = version.id
        worker.apart = self._quarantine is not None and self._quarantine.holds(version.id)
        settings = version.settings
        worker.compatibility = compatibility(settings.compatibility_date, settings.compatibility_flags)
        return worker

    # ------------------------------------------------------------------ changes

    def on_change(self, change: Change) -> None:
        """Forget what a committed change made stale; called before the change is acknowledged."""
        self.objects.on_change(change)
        self._previews.on_change(change)
        service = change.service
        if service is None or change.kind in STAYS:
            return
        if change.kind.startswith("service."):
            names = {service, change.detail.get("old_service")}
            known = [*self._entries, *self._loading]
            for key in [key for key in known if key[0] in names]:
                self._forget(key)
            return
        for environment in (change.environment, change.old_environment):
            if environment is not None:
                key = (service, environment)
                entry = self._entries.get(key)
                running = entry is not None and any(slot.worker.isolates for slot in entry.slots)
                self._forget(key)
                if entry is not None and change.kind == "deployment":
                    # It is in use: do not let the next request wait for the start.
                    self._spawn(self._warm(key, running))

    def _forget(self, key: Key) -> None:
        self._changed[key] = self._changed.get(key, 0) + 1
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._release(entry.slots)

    async def _warm(self, key: Key, running: bool) -> None:
        try:
            entry = await self._load_once(key)
            if running and entry.single is not None:
                await entry.single.worker.start()
        except Exception as error:  # the request that needs it will meet the error itself
            log.debug("%s of %s did not start ahead: %s", key[1], key[0], error)

    # ------------------------------------------------------------------ loading

    async def _current(self, key: Key) -> Entry:
        entry = self._entries.get(key)
        if entry is None:
            return await self._load_once(key)
        deployment = await self._store.read(lambda connection: current_deployment(connection, key))
        if deployment is not None and deployment.id == entry.deployment_id:
            return entry
        self._forget(key)
        return await self._load_once(key)

    async def _load_once(self, key: Key) -> Entry:
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
            entry = await self._entry(deployment, found)
            if self._changed.get(key, 0) == mark:
                self._clock += 1
                entry.used = self._clock
                self._entries[key] = entry
                self._make_room()
                return entry
            self._release(entry.slots)  # it changed while it was being loaded

    def _read(self, key: Key, connection: Connection) -> tuple[Deployment | None, list[tuple[Version, Code]]]:
        """The live deployment, and its versions, with their code where they do not run yet."""
        deployment, found = read_live(connection, key)
        running = self._slots
        return deployment, [
            (each, () if each.id in running else modules.load(connection, each.modules)) for each in found
        ]

    async def _entry(self, deployment: Deployment, found: list[tuple[Version, Code]]) -> Entry:
        slots: list[Slot] = []
        try:
            for version, code in found:
                slots.append(await self._start(version, code))
        except BaseException:
            self._release(slots)
            raise
        return Entry(deployment.id, tuple(slots), tuple(share for _, share in deployment.versions))

    async def _start(self, version: Version, code: Code = ()) -> Slot:
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
            slot = Slot(version, self.make_worker(version, program, limits), site=site)
            self._slots[version.id] = slot
        return slot

    # ------------------------------------------------------------------ letting go

    def _make_room(self) -> None:
        while len(self._entries) > KEPT:
            key = min(self._entries, key=lambda each: self._entries[each].used)
            self._release(self._entries.pop(key).slots)

    def _release(self, slots: Iterable[Slot]) -> None:
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
        """Close everything at the end of the process."""
        await self.objects.close()
        for entry in list(self._entries.values()):
            self._release(entry.slots)
        self._entries.clear()
        self._previews.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.points.flush()
