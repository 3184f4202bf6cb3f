"""What runs: for each environment the workers of the versions that its live deployment names.

A deployment replaces a whole entry (`engine.gateway.entries`) at once, so the next request gets the new code,
while requests in flight end where they began.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from engine import bindings
from engine.analytics.points import Points
from engine.assets.site import Site
from engine.assets.sites import Sites
from engine.bindings.cache import Caches
from engine.durable.objects import Objects
from engine.gateway.entries import Entries, Key
from engine.gateway.entry import Slot
from engine.gateway.previews import Previews
from engine.logs.logs import Event, Logs
from engine.model import Change, Version
from engine.quarantine import Quarantine
from engine.queues.queues import Queues
from engine.runtime.compatibility import compatibility
from engine.runtime.compile import Compiler
from engine.runtime.http import Body, Request, Response
from engine.runtime.invocation import Invocation
from engine.runtime.limits import Limits
from engine.runtime.pool import Runtime
from engine.runtime.worker import Worker
from engine.store import Store, environments
from engine.workflows.workflows import Workflows

#: Changes that leave alone what runs.
STAYS = frozenset({"version", "kv", "route.changed", "domain.changed", "schedule.changed"})

T = TypeVar("T")


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
        self._entries = Entries(store, compiler, self._sites, limits, self.make_worker)
        self._previews = Previews(store, self._entries.start, self._entries.release)

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
        entry = self._entries.known(key)
        if entry is None or not self._follows:
            entry = await self._entries.current(key)
        self._entries.use(entry)
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
            for key in self._entries.of({service, change.detail.get("old_service")}):
                self._entries.forget(key)
            return
        change_of = self._entries.renew if change.kind == "deployment" else self._entries.forget
        for environment in (change.environment, change.old_environment):
            if environment is not None:
                change_of((service, environment))

    async def close(self) -> None:
        """Close everything at the end of the process."""
        await self.objects.close()
        self._previews.close()
        await self._entries.close()
        await self.points.flush()
