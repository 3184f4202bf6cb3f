"""The live process: the API and every environment's hostname, on the socket that the supervisor opened."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import ssl
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import seed
from engine.api.process import Engine
from engine.drafts.client import Drafts
from engine.durable.door import Door
from engine.errors import StoreError
from engine.gateway import vitals
from engine.gateway.dispatch import Dispatch
from engine.gateway.environments import Environments
from engine.gateway.hostnames import Hostnames
from engine.gateway.inside import Inside
from engine.gateway.late_api import LateApi
from engine.gateway.numbers import Numbers
from engine.gateway.programs import StoredPrograms
from engine.gateway.router import Router
from engine.gateway.scheduler import Scheduler
from engine.gateway.server import make_server
from engine.gateway.subrequests import Subrequests
from engine.gateway.tail_socket import TailSockets
from engine.gateway.validate import Validator
from engine.logs.consumers import Consumers
from engine.logs.keeper import Keeper
from engine.logs.logs import Logs
from engine.metrics import keeper
from engine.metrics.metrics import Metrics
from engine.pipelines.runner import Runner
from engine.quarantine import Quarantine
from engine.runtime import busy, fall
from engine.runtime.compile import Compiler
from engine.runtime.limits import Limits
from engine.runtime.pool import Runtime
from engine.statefolder import StateFolder
from engine.store import Store
from engine.zones import Zones

if TYPE_CHECKING:
    from engine.dns import Responder
    from engine.gateway.housekeeping import Housekeeping
    from engine.metrics.otlp import Otlp
    from engine.runtime.isolate import Isolate

#: Seconds between two looks for what has expired.
SWEEP = 60.0
#: Seconds after the start until https is served: its libraries would keep the first answer waiting.
TLS_DELAY = 0.15
#: Seconds after the start until what is needed less often is imported.
WARM_DELAY = 1.0
#: New objects until the collector looks through them: a list of a thousand services makes tens of thousands,
#: and Python's own number (700) has it look a third of the time that the list takes.
GARBAGE = 20_000
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
        tls: the listening socket for https, and where that is reached; None without https.
        ended: how the live process before this one ended (`busy.culprits`).
        first: an isolate that is being booted already.
    """

    def __init__(
        self,
        folder: StateFolder,
        store: Store,
        sock: socket.socket,
        address: str,
        tls: tuple[socket.socket, str] | None = None,
        *,
        ended: int | None = None,
        first: asyncio.Future[Isolate] | None = None,
    ) -> None:
        self._folder = folder
        self._tls = tls
        self._store = store
        self._sock = sock
        self._runtime = Runtime(first=first)
        self._culprits = busy.culprits(folder.busy, ended)
        try:
            self._runtime.busy = busy.Busy(folder.busy)
        except OSError as error:  # a full disk: then nobody is blamed, but what can be served is
            log.warning("%s cannot be written: %s", folder.busy, error.strerror)
        self._quarantine = Quarantine(store)
        self._runtime.on_crash = self._quarantine.crashed
        self._sick = False
        programs = StoredPrograms(store, writes=True)
        self._compiler = Compiler(programs)
        self._metrics = Metrics()
        self._logs = Logs(self._metrics)
        self._kept_logs = Keeper(store)
        self._environments = Environments(
            store,
            self._runtime,
            self._compiler,
            Limits(),
            logs=self._logs,
            quarantine=self._quarantine,
        )
        self._router = Router(Hostnames(store.account.subdomain))
        self._runtime.local = Subrequests(self._router, self._environments)
        self._scheduler = Scheduler(store, self._environments)
        drafts = Drafts(folder.drafts_socket)
        self._pipelines = Runner(store, drafts, self._logs, address.rpartition(":")[2])
        self._engine = Engine(
            store=store,
            environments=self._environments,
            drafts=drafts,
            validate=Validator(drafts, programs),
            folder=folder,
            address=address,
            tls_address=tls[1] if tls else None,
            zones=Zones(store),
            scheduler=self._scheduler,
            pipelines=self._pipelines,
            token=folder.token.read_text("ascii").strip(),
            started_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            logs=self._logs,
            metrics=self._metrics,
        )
        self._consumers = Consumers(store, self._logs, self._environments)
        tails = TailSockets(self._engine.tails, self._logs)
        numbers = Numbers(self._metrics, lambda: self._environments.isolates)
        self._api = LateApi(self._engine)
        self._environments.platform = Inside(self._api)
        dispatch = Dispatch(self._router, self._environments, self._api, tails, numbers)
        self._server = make_server(dispatch)
        self._otlp: Otlp | None = None
        self.dns_sockets: Sequence[int] | None = None
        """Descriptors of the DNS responder's sockets, UDP and TCP; set before `prepare`."""
        self._dns: Responder | None = None
        self._door = Door(self._environments.objects, self._runtime.handles)
        self._tasks: set[asyncio.Task[None]] = set()

    async def prepare(self, *, samples: bool) -> None:
        """Seed a new account, learn every hostname, and boot a spare isolate."""
        await self._quarantine.load(self._culprits)
        self._store.subscribe(self._quarantine.on_change)
        self._store.subscribe(self._environments.on_change)
        self._store.subscribe(self._logs.on_change)
        self._store.subscribe(self._metrics.on_change)
        if samples:
            await seed.plant(self._store)
        await self._store.read(self._router.load)
        await keeper.load(self._store, self._metrics)
        await self._logs.keep(self._kept_logs)
        self._store.subscribe(self._router.on_change)
        self._store.subscribe(self._scheduler.on_change)
        self._store.subscribe(self._pipelines.on_change)
        self._store.subscribe(self._environments.queues.on_change)
        self._store.subscribe(self._environments.workflows.on_change)
        self._store.subscribe(self._consumers.on_change)
        await self._consumers.start()
        self._spawn(self._environments.objects.start())
        self._spawn(self._door.open(self._folder.objects_socket))
        self._spawn(self._deliver())
        self._spawn(self._runtime.warm())
        self._spawn(self._warm_outgoing())
        self._spawn(self._sweep())
        self._spawn(keeper.run(self._store, self._metrics))
        self._spawn(self._kept_logs.run())
        self._spawn(self._schedule())
        self._spawn(self._go_on())
        self._spawn(self._run_workflows())
        if self.dns_sockets is not None:
            self._spawn(self._answer_names(*self.dns_sockets))
        if self._tls is not None:
            self._spawn(self._listen_tls(self._tls[0]))
        if where := os.environ.get("SVC_TUI_OTLP"):
            self._spawn(self._export(where))
        self._spawn(vitals.watch(self._runtime, PATIENCE, self._farewell))
        loop = asyncio.get_running_loop()
        fall.catch(lambda thread: loop.call_soon_threadsafe(partial(self._fallen, thread)))

    async def serve(self) -> None:
        """Answer requests until `stop`, and then until what is in flight has been answered."""
        gc.freeze()  # what is here now stays: no need to look through it again and again
        gc.set_threshold(GARBAGE)
        gc.enable()
        await self._server.serve(sockets=[self._sock])

    def stop(self) -> None:
        """Take no new connections and end the endless answers."""
        self._engine.stopping.set()
        self._scheduler.stop()
        self._pipelines.stop()
        self._environments.queues.stop()
        self._environments.workflows.stop()
        self._environments.objects.stop()
        self._server.stop()

    def _fallen(self, thread: int) -> None:
        """V8 has ended on a thread: what else this process does gets a moment."""
        log.error("V8 has ended: this process ends and is started anew")
        self._runtime.fallen(thread)
        self._spawn(self._leave())

    async def _leave(self) -> None:
        await self._farewell()
        vitals.leave(vitals.EXIT_SICK)

    async def _farewell(self) -> None:
        """V8 is stuck: what other isolates are about to answer gets a moment."""
        self._sick = True
        if self._runtime.busy is not None:
            self._runtime.busy.blame(PATIENCE / 2)
        self.stop()
        await asyncio.sleep(FAREWELL)

    async def close(self) -> None:
        """Free the isolates and the database; nothing waits for a V8 that is stuck."""
        if self._sick:
            await keeper.close(self._store, self._metrics)
            await self._kept_logs.close()
            await asyncio.to_thread(self._store.close)
            vitals.leave(vitals.EXIT_SICK)
        for task in self._tasks:
            task.cancel()
        self._door.close()
        self._consumers.close()
        if self._dns is not None:
            self._dns.close()
        await self._scheduler.close()
        await self._pipelines.close()
        await self._environments.queues.close()
        await self._environments.workflows.close()
        await self._environments.objects.close()
        await self._runtime.close()
        await keeper.close(self._store, self._metrics)
        await self._kept_logs.close()
        if self._otlp is not None:
            await asyncio.to_thread(self._otlp.close)
        await asyncio.to_thread(self._store.close)

    # ------------------------------------------------------------------ housekeeping

    async def _listen_tls(self, sock: socket.socket) -> None:
        """Serve https; until what the certificates need is read, clients wait in the socket's queue."""
        await asyncio.sleep(TLS_DELAY)
        try:
            await self._server.listen_tls(sock, await asyncio.to_thread(_server_context, self._folder.path))
        except Exception as error:
            log.error("https is off: %s", error)
            sock.close()

    async def _answer_names(self, udp: int, tcp: int) -> None:
        """Answer questions for names."""
        from engine.dns import Responder, Sockets  # here: most engines do without

        sockets = Sockets(socket.socket(fileno=udp), socket.socket(fileno=tcp))
        host = str(self._sock.getsockname()[0])
        serves = self._router.serves
        self._dns = Responder(sockets, self._store, serves, v4=host != "::1", v6=host in ("::", "::1"))
        await self._dns.start()

    async def _export(self, where: str) -> None:
        """Send spans and counters to a collector, if the library for it is installed."""
        try:
            module = await asyncio.to_thread(import_module, "engine.metrics.otlp")
        except ImportError as error:
            log.error("nothing is exported by OTLP: install svc-tui[otel] (%s)", error)
        else:
            self._otlp = module.Otlp(self._metrics, where)

    async def _schedule(self) -> None:
        try:
            await self._scheduler.start()
        except StoreError as error:
            log.error("cron triggers are off: %s", error)

    async def _deliver(self) -> None:
        try:
            await self._environments.queues.start()
        except StoreError as error:
            log.error("queues are not delivered: %s", error)

    async def _run_workflows(self) -> None:
        try:
            await self._environments.workflows.start()
        except StoreError as error:
            log.error("workflows do not go on: %s", error)

    async def _go_on(self) -> None:
        try:
            await self._pipelines.start()
        except StoreError as error:
            log.error("the runs of pipelines do not go on: %s", error)

    async def _warm_outgoing(self) -> None:
        """Once the first requests have had the processor to themselves."""
        await asyncio.sleep(WARM_DELAY)
        await self._api.load()
        await self._runtime.warm_outgoing()

    async def _sweep(self) -> None:
        """Throw away what has expired."""
        await asyncio.sleep(SWEEP)
        module = await asyncio.to_thread(import_module, "engine.gateway.housekeeping")
        housekeeping: Housekeeping = module.Housekeeping(self._store)
        while True:
            await housekeeping.sweep()
            await asyncio.sleep(SWEEP)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _server_context(folder: Path) -> ssl.SSLContext:
    from engine.gateway.authority import Authority  # here: a start does not wait for it

    return Authority.open(folder).server_context()
