"""Where objects run: each namespace in one isolate, each id once in the whole engine.

The live process has the account's objects. A sandboxed draft's run in the drafts process, on copies of their
files that are made when an object is first touched, and vanish with the draft's session.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.bindings.binding import BindingError, Result
from engine.bindings.overlay import Overlay
from engine.durable import events, sockets
from engine.durable.alarms import Alarms
from engine.durable.house import House
from engine.durable.ids import Address
from engine.durable.migrations import KIND
from engine.durable.sandbox import Sandbox
from engine.durable.worker import ObjectWorker
from engine.errors import ApiError
from engine.gateway.errors import NoCode
from engine.model import Change
from engine.runtime.errors import WorkerError
from engine.runtime.invocation import Invocation
from engine.store import Connection, Store, durable, modules
from engine.store.durable import Alarm, Namespace

if TYPE_CHECKING:
    from engine.durable.bridge import Bridge
    from engine.gateway.environments import Environments
    from engine.logs.logs import Logs
    from engine.runtime.compile import Compiler
    from engine.runtime.http import Body, Request, Response
    from engine.runtime.limits import Limits
    from engine.runtime.rpc import Handles

log = logging.getLogger("engine.durable")

T = TypeVar("T")

FOLDER: Final = "do"
#: From this compatibility date on, deleteAll() deletes the alarm too.
DELETES_ALARM: Final = "2026-02-24"
_SPACE: Final = "durable objects"
_FOLDER_CHANGES: Final = frozenset({"deployment", "environment.deleted", "service.deleted"})


class Objects:
    """All objects of one process.

    Args:
        store: where namespaces and alarms are.
        environments: makes workers of versions.
        handles: what isolates of this process hold of each other.
        compiler: makes programs of modules.
        limits: of every worker.
        live: whether this process has the account's objects.
        folder: where the files are; `origin` is where a sandbox copies them from.
        logs: records what deployed objects do; None records nothing.
    """

    def __init__(
        self,
        store: Store,
        environments: Environments,
        handles: Handles,
        compiler: Compiler,
        limits: Limits,
        *,
        live: bool,
        folder: Path | None = None,
        origin: Path | None = None,
        logs: Logs | None = None,
    ) -> None:
        self.logs = logs
        self.stopping = False
        self.store = store
        self._environments = environments
        self._handles = handles
        self._compiler = compiler
        self._limits = limits
        self.live = live
        self.folder = folder or store.path.parent / FOLDER
        self.origin = origin
        self.alarms = Alarms(store, self._ring) if live else None
        self.draft: tuple[str, str, Any] | None = None
        self.sandbox: Sandbox | None = None
        self.bridge: Bridge | None = None
        """To the live process, of the one that has none of the account's objects."""
        self._houses: dict[str, House] = {}
        # A fair one: calls of a stub reach its object in the order in which they were made.
        self._finding = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Ring what is due, and free what was deleted while the engine did not run."""
        if self.alarms is not None:
            await self.alarms.start()
        await self._sweep()

    async def fetch(
        self, address: Address, request: Request, caller: Invocation, parent: Any
    ) -> tuple[Response, bool]:
        """Send an object a request; gives whether it wrote something, too.

        Raises:
            ApiError: the namespace, or the code of its class, is gone.
            WorkerError: its code failed.
        """
        if (bridge := self._across(caller)) is not None:
            return await bridge.fetch(address, request, caller, parent)
        house = await self._house(address.namespace, caller)
        child = self._child(house, caller, parent)

        async def use(worker: Any, reference: dict[str, Any]) -> Response:
            answer: Response = await worker.fetch(request, child, target=reference)
            return answer

        work = house.run(address.id, address.name, child, use)
        answer = await events.recorded(self.logs, house, address.id, child, request, work)
        if answer[0].socket is not None:
            sockets.given(answer[0].socket)
        return answer

    async def remote(
        self, address: Address, call: dict[str, Any], body: Body, caller: Invocation, parent: Any
    ) -> Result:
        """Call a method of an object; raises as `fetch`."""
        if (bridge := self._across(caller)) is not None:
            return await bridge.remote(address, call, body, caller, parent)
        house = await self._house(address.namespace, caller)
        child = self._child(house, caller, parent)

        async def run(call: dict[str, Any], body: Body, child: Invocation) -> Result:
            async def use(worker: Any, reference: dict[str, Any]) -> Result:
                answer: Result = await worker.remote({**call, "object": reference}, body, child)
                return answer

            event = {"rpcMethod": ".".join(call["path"])}
            work = house.run(address.id, address.name, child, use)
            answer, wrote = await events.recorded(self.logs, house, address.id, child, event, work)
            return replace(answer, wrote=wrote)

        return await self._handles.invoke(caller, child, call, body, run)

    async def inspect(self, namespace: str, object_id: str, work: Callable[[int], T]) -> T:
        """Look into an object without its code (`House.inspect`); raises ApiError 10066."""
        return await (await self._house(namespace, None)).inspect(object_id, work)

    async def forget(self, namespace: str, object_id: str) -> None:
        """Let the instance of an object go, unless it is at work; raises ApiError 10066."""
        await (await self._house(namespace, None)).forget(object_id)

    def _child(self, house: House, caller: Invocation, parent: int | None) -> Invocation:
        return caller.child(house.namespace.service, house.namespace.environment, parent, counted=False)

    async def worker(self, house: House) -> ObjectWorker:
        """A worker for a namespace, of the code that is live or that a draft brings.

        Raises:
            ApiError, NoCode: there is no such environment, or nothing was deployed to it.
            CompileError: its code does not compile.
        """
        place = house.namespace
        if self.draft is not None and self.draft[:2] == (place.service, place.environment):
            version, program = self.draft[2]
        else:
            found = await self._environments.live(place.service, place.environment)
            if found is None:
                raise NoCode(f"nothing was deployed to {place.environment} of {place.service} so far")
            version = found
            code = await self.store.read(lambda connection: modules.load(connection, version.modules))
            settings = version.settings
            program = await self._compiler.compile(
                code, version.main_module, settings.compatibility_date, settings.compatibility_flags
            )
        house.deletes_alarm = (version.settings.compatibility_date or "") >= DELETES_ALARM
        cpu = version.settings.limits.get("cpu_ms")
        limits = self._limits if cpu is None else replace(self._limits, cpu_ms=int(cpu))
        made = self._environments.make_worker(version, program, limits, exclusive=True, kind=ObjectWorker)
        assert isinstance(made, ObjectWorker)
        made.house = house
        house.replies_to_close = "web_socket_auto_reply_to_close" not in made.compatibility.off
        return made

    async def _ring(self, alarm: Alarm) -> bool:
        """Run an object's alarm; False when it failed and is to be tried again."""
        try:
            house = await self._house(alarm.namespace_id, None)
        except ApiError:
            return True
        actor = await house.actor(alarm.object, None)
        loop = asyncio.get_running_loop()
        at = await loop.run_in_executor(None, actor.storage.begin_alarm)
        now = time.time() * 1000
        if at is None or at > now:
            await house.alarm_changed(alarm.object, at)
            return True
        invocation = Invocation(house.namespace.service, house.namespace.environment)

        async def use(worker: Any, reference: dict[str, Any]) -> None:
            payload = {
                "object": reference,
                "retryCount": alarm.attempt,
                "isRetry": alarm.attempt > 0,
                "scheduledTime": at,
            }
            await worker.dispatch("alarm", payload, None, invocation)

        done = False
        try:
            work = house.run(alarm.object, None, invocation, use)
            await events.recorded(self.logs, house, alarm.object, invocation, events.alarm_event(at), work)
            done = True
        except WorkerError as error:
            log.info("an alarm of %s failed: %s", house.namespace.name, error)
        last = done or alarm.attempt >= Alarms.RETRIES
        again = await loop.run_in_executor(None, actor.storage.end_alarm, last)
        await actor.storage.flushed()
        return last or again

    async def _house(self, namespace_id: str, caller: Invocation | None) -> House:
        if not self.live and caller is not None:
            return await self._sandbox(caller.overlay)._house(namespace_id, None)
        async with self._finding:
            house = self._houses.get(namespace_id)
            if house is None:
                found = await self.store.read(lambda connection: durable.find(connection, namespace_id))
                if found is None:
                    raise ApiError(
                        10066, f"There is no Durable Object namespace {namespace_id} any more", 404
                    )
                house = self._houses[namespace_id] = House(self, found)
            return house

    def _across(self, caller: Invocation) -> Bridge | None:
        """The way to the live process, for a draft that runs live: there is one instance of an id."""
        return self.bridge if not self.live and caller.overlay is None else None

    async def use_draft(self, overlay: Overlay, service: str, environment: str, code: Any) -> None:
        """A sandboxed run begins: objects of its environment run its unsaved code, a (version, program)."""
        space = overlay.existing(Sandbox, _SPACE)
        if space is None and not any(each.type == KIND for each in code[0].bindings):
            return
        objects = self._sandbox(overlay) if space is None or space.objects is None else space.objects
        objects.draft = (service, environment, code)
        for house in objects.houses:
            await house.renew()

    def _sandbox(self, overlay: Overlay | None) -> Objects:
        if self.origin is not None:
            return self
        if overlay is None:
            raise BindingError(
                "A draft that runs live cannot reach Durable Objects here: run it in the sandbox, on copies."
            )
        space = overlay.space(Sandbox, _SPACE)
        if space.objects is None:
            parts = (self.store, self._environments, self._handles, self._compiler, self._limits)
            made = Objects(*parts, live=True, folder=space.make_folder(), origin=self.folder)
            made.alarms, made.sandbox = None, space
            space.objects, space.live = made, self.bridge
        return space.objects

    # ------------------------------------------------------------------ changes

    def on_change(self, change: Change) -> None:
        """New code for an environment, or its end: its objects begin anew with what is there now."""
        if change.service is None or change.kind in {"version", "kv"}:
            return
        names = {change.service, change.detail.get("old_service")}
        for house in list(self._houses.values()):
            space: Namespace = house.namespace
            if space.service in names and (
                change.kind.startswith("service.")
                or space.environment in (change.environment, change.old_environment)
            ):
                self._spawn(self._renew(house))
        if change.kind in _FOLDER_CHANGES:
            self._spawn(self._sweep())

    async def _renew(self, house: House) -> None:
        """Objects in flight end first; what comes meanwhile waits for the new code."""
        await house.renew()
        found = await self.store.read(lambda connection: durable.find(connection, house.namespace.id))
        if found is not None:
            house.namespace = found
        else:
            self._houses.pop(house.namespace.id, None)
            await house.close()

    async def _sweep(self) -> None:
        """Remove the files of namespaces that are gone."""
        if self.origin is not None:
            return
        known = await self.store.read(_ids)

        def work() -> None:
            if self.folder.is_dir():
                for each in self.folder.iterdir():
                    if each.is_dir() and each.name not in known:
                        shutil.rmtree(each, ignore_errors=True)

        await asyncio.get_running_loop().run_in_executor(None, work)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """The process ends: nobody wakes an object to tell it that its client has gone."""
        self.stopping = True

    @property
    def houses(self) -> list[House]:
        """Those that have run something."""
        return list(self._houses.values())

    async def close(self) -> None:
        """Close every file; what was written and committed stays."""
        if self.alarms is not None:
            self.alarms.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*(house.close() for house in self._houses.values()), return_exceptions=True)
        self._houses.clear()


def _ids(connection: Connection) -> set[str]:
    return {each.id for each in durable.listing(connection)}
