"""One namespace's isolate, and the objects that live in it: their whole life is here, hence a long file."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.durable import events, files, ids
from engine.durable.actor import Actor
from engine.durable.sockets import FAILED, RESTARTED, ObjectSockets
from engine.durable.storage import SYNCS, Storage
from engine.durable.worker import ObjectWorker, Unseen
from engine.runtime.errors import WorkerError
from engine.runtime.invocation import Invocation
from engine.store import durable
from engine.store.durable import Alarm, Namespace

if TYPE_CHECKING:
    from engine.durable.object_socket import ObjectSocket
    from engine.durable.objects import Objects

log = logging.getLogger("engine.durable")

#: Seconds that an object stays after its last event (durable-objects/concepts/lifecycle: hibernation).
IDLE: Final = 10.0
#: Seconds that one stays with timers and calls under way that nobody waits for ("70 to 140").
LONGEST: Final = 100.0
#: Seconds that objects get to end what is under way when new code comes.
GRACE: Final = 5.0
#: Invocations of an object that are looked through for those that have ended.
MANY: Final = 256
#: Files that one namespace's objects keep open; beyond it the longest unused is closed.
FILES: Final = files.most()

T = TypeVar("T")


class House:
    """The objects of one namespace.

    Args:
        objects: whose files and code they have.
        namespace: which one.
    """

    def __init__(self, objects: Objects, namespace: Namespace) -> None:
        self.namespace = namespace
        self.idle = IDLE
        self.longest = LONGEST
        self.deletes_alarm = False
        self.replies_to_close = True
        self._rooms: dict[str, ObjectSockets] = {}  # of every object that has sockets, also while it sleeps
        self._renewing = False
        self._objects = objects
        self._loop = asyncio.get_running_loop()
        self._actors: dict[str, Actor] = {}
        self._worker: asyncio.Task[ObjectWorker] | None = None
        # A fair one: events reach the isolate in the order in which they came, those that wait for it too.
        self._door = asyncio.Lock()
        self._settling: asyncio.Future[Any] | None = None
        self._closing: dict[str, asyncio.Task[None]] = {}

    async def run(
        self,
        object_id: str,
        name: str | None,
        invocation: Invocation,
        use: Callable[[ObjectWorker, dict[str, Any]], Awaitable[T]],
    ) -> tuple[T, bool]:
        """Let an object do something, and hold back what came of it until its writes are on the disk.

        Returns:
            What `use` gave, and whether the object wrote meanwhile.

        Raises:
            ApiError: the code of the class is gone.
            WorkerError: it failed.
        """
        actor = await self.actor(object_id, name)
        actor.jobs += 1
        actor.invocations.add(invocation)
        if actor.timer is not None:
            actor.timer.cancel()
            actor.timer = None
        before = actor.storage.writes
        try:
            while True:
                worker = await self._ready()
                reference = {
                    "handle": actor.handle,
                    "class": self.namespace.class_name,
                    "id": actor.id,
                    "name": actor.name,
                    "jurisdiction": actor.jurisdiction,
                }
                invocation.version = worker.version
                actor.inside.add(invocation)
                try:
                    result = await use(worker, reference)
                except Unseen:  # its isolate ended before it began
                    continue
                finally:
                    actor.inside.discard(invocation)
                await self._flushed(actor)
                if self._objects.sandbox is not None:
                    self._objects.sandbox.ran(self.namespace.id, object_id)
                return result, actor.storage.writes != before
        finally:
            self._done(actor)
            if not (invocation.open or invocation.lingering):
                actor.invocations.discard(invocation)
            elif len(actor.invocations) > MANY:
                actor.sift()

    def _done(self, actor: Actor) -> None:
        actor.jobs -= 1
        actor.rested = self._loop.time()
        if actor.jobs == 0:
            actor.timer = self._loop.call_later(self.idle, self._look, actor)

    async def actor(self, object_id: str, name: str | None) -> Actor:
        """The object; it comes to life in its isolate with the first event."""
        while (closing := self._closing.get(object_id)) is not None:
            await closing
        found = self._actors.pop(object_id, None)
        if found is None:
            folder = self._objects.folder / self.namespace.id
            origin = self._objects.origin
            storage = Storage(
                folder / f"{object_id}.sqlite",
                self._loop,
                partial(self.alarm_changed, object_id),
                origin / self.namespace.id / f"{object_id}.sqlite" if origin else None,
            )
            storage.deletes_alarm = self.deletes_alarm
            if self._objects.sandbox is not None:
                storage.journal = self._objects.sandbox.journal(self.namespace, object_id)
            room = self._rooms.pop(object_id, None) or ObjectSockets(self, object_id)
            _, jurisdiction = ids.parse(self.namespace.id, object_id)
            found = Actor(object_id, name if name is not None else room.name, jurisdiction, storage, room)
            room.storage = storage
            found.enter()
        elif name is not None:
            found.name = name
        self._actors[object_id] = found  # at the end: the longest unused is the first
        self._spare_files()
        return found

    async def inspect(self, object_id: str, work: Callable[[int], T]) -> T:
        """Let the engine itself look into an object, or change it, between two turns of its code.

        Args:
            object_id: which one.
            work: is given its number in `OPEN`, on a thread of its own; what it writes it commits.

        Returns:
            What `work` gave, when all that was written is on the disk.
        """
        actor = await self.actor(object_id, None)
        actor.jobs += 1
        if actor.timer is not None:
            actor.timer.cancel()
            actor.timer = None
        try:
            await self._flushed(actor)  # what a turn has written so far is a transaction of its own
            result = await self._loop.run_in_executor(SYNCS, work, actor.handle)
            await self._flushed(actor)
            return result
        finally:
            self._done(actor)

    async def forget(self, object_id: str) -> None:
        """Let an instance that does nothing just now go: the next event finds a new one."""
        actor = self._actors.get(object_id)
        if actor is not None and actor.jobs == 0:
            if actor.timer is not None:
                actor.timer.cancel()
            self._look(actor)
        if (closing := self._closing.get(object_id)) is not None:
            await closing

    async def alarm_changed(self, object_id: str, at: int | None) -> None:
        """Note an object's alarm where it is found without opening the object's file."""
        if self._objects.alarms is None:
            return
        if at is None:
            await self._objects.store.write(
                lambda connection: durable.delete_alarm(connection, self.namespace.id, object_id)
            )
        else:
            await self._objects.alarms.set(Alarm(self.namespace.id, object_id, at, 0))

    async def settled(self) -> None:
        """Wait until all that any of the objects has written is on the disk."""
        for actor in list(self._actors.values()):
            if not actor.storage.settled:
                await self._flushed(actor)

    @property
    def living(self) -> list[Actor]:
        """The objects that are in memory."""
        return list(self._actors.values())

    async def _flushed(self, actor: Actor) -> None:
        try:
            await actor.storage.flushed()
        except Exception as error:
            self._reset(actor)
            raise WorkerError(f"The Durable Object's storage could not be written: {error}") from error

    def _reset(self, actor: Actor) -> None:
        """Its memory may be ahead of the disk: the next event finds a new instance."""
        if self._actors.get(actor.id) is not actor:
            return
        del self._actors[actor.id]
        actor.leave()
        actor.sockets.end(FAILED, "the Durable Object was reset")
        self._closing[actor.id] = self._loop.create_task(self._evict(actor))

    # ------------------------------------------------------------------ its isolate

    async def _ready(self) -> ObjectWorker:
        async with self._door:
            if self._settling is not None:
                await asyncio.shield(self._settling)
            if self._worker is None:
                self._worker = self._loop.create_task(self._load())
            task = self._worker
            try:
                return await asyncio.shield(task)
            except BaseException:
                if self._worker is task and task.done():
                    self._worker = None
                raise

    async def _load(self) -> ObjectWorker:
        return await self._objects.worker(self)

    def isolate_ended(self, unseen: set[Invocation]) -> None:
        """The instances are gone: what their last turn had not finished is taken back.

        The sockets of those that were not at work (JavaScript has not begun with the `unseen`) stay open.
        """
        storages = []
        for actor in self._actors.values():
            actor.renumber()
            storages.append(actor.storage)
            if actor.inside - unseen and not self._renewing:
                actor.sockets.end(FAILED, "the Durable Object failed")
        work = [
            self._loop.run_in_executor(SYNCS, storage.rollback) for storage in storages if storage.is_open
        ]
        if work:
            self._settling = asyncio.gather(*work, return_exceptions=True)

    async def renew(self) -> None:
        """Let the isolate go; the next event starts one with the code that is live then.

        Clients are told to come again: nothing of the old code's is left for the new.
        """
        task, self._worker = self._worker, None
        if task is None and not self._rooms and not self._actors:
            return
        settling = self._loop.create_task(self._end(task))
        before = self._settling
        self._settling = settling
        await settling
        if before is not None:
            await asyncio.wait([before])

    async def _end(self, task: asyncio.Task[ObjectWorker] | None) -> None:
        self._renewing = True
        try:
            if task is not None:
                await _close(task)
        finally:
            self._renewing = False
            rooms = [*self._rooms.values(), *(actor.sockets for actor in self._actors.values())]
            self._rooms.clear()
            for room in rooms:
                room.end(RESTARTED, "the Durable Object's code was updated")

    # ------------------------------------------------------------------ WebSockets

    async def socket_event(
        self, socket: ObjectSocket, name: str, payload: dict[str, Any], data: bytes | None
    ) -> None:
        """Let an object hear of one of its WebSockets, unless the process ends."""
        if not self._objects.stopping:
            await events.socket_event(self._objects.logs, self, socket, name, payload, data)

    # ------------------------------------------------------------------ idle objects

    def _look(self, actor: Actor) -> None:
        actor.timer = None
        actor.sift()
        if actor.jobs or self._actors.get(actor.id) is not actor:
            return
        if not actor.storage.settled or (actor.invocations and self._stays(actor)):
            actor.timer = self._loop.call_later(self.idle, self._look, actor)
            return
        del self._actors[actor.id]
        room = actor.sockets
        if len(room):  # they go on; all else that was set for them is set again by the next instance
            room.name, room.storage = actor.name, None
            self._rooms[actor.id] = room
        self._closing[actor.id] = self._loop.create_task(self._evict(actor))

    def _stays(self, actor: Actor) -> bool:
        """Whether what it has under way keeps it in memory: anything for some time, and what streams."""
        if self._loop.time() - actor.rested < self.longest:
            return True
        channels = self._worker.result().channels if self._worker is not None and self._worker.done() else ()
        return any(channel.streams(each) for channel in channels for each in actor.invocations)

    async def _evict(self, actor: Actor) -> None:
        try:
            worker = self._worker.result() if self._worker is not None and self._worker.done() else None
            if worker is not None and worker.isolates:
                reference = {"handle": actor.handle}
                try:
                    await worker.dispatch("evict", {"object": reference}, None, Invocation())
                except WorkerError as error:
                    log.info("an idle object's isolate ended: %s", error)
            actor.leave()
            await self._loop.run_in_executor(SYNCS, actor.storage.close)
        finally:
            # Here and not when the task is done: who waits for it looks again before the loop turns.
            self._closing.pop(actor.id, None)

    def _spare_files(self) -> None:
        """Close files of objects that are not used; the next operation opens them again."""
        if len(self._actors) <= FILES:
            return
        opened = [each for each in self._actors.values() if each.storage.is_open]
        for actor in opened[: max(0, len(opened) - FILES)]:
            if actor.jobs == 0 and actor.storage.settled:
                self._loop.run_in_executor(SYNCS, actor.storage.rest)

    async def close(self) -> None:
        """End the isolate and close every file."""
        await self.renew()
        for actor in list(self._actors.values()):
            if actor.timer is not None:
                actor.timer.cancel()
            actor.leave()
            await self._loop.run_in_executor(SYNCS, actor.storage.close)
        self._actors.clear()


async def _close(task: asyncio.Task[ObjectWorker]) -> None:
    try:
        worker = await task
    except Exception as error:  # whoever wanted it was told
        log.debug("an isolate for objects did not start: %s", error)
        return
    if worker.isolates:
        with contextlib.suppress(WorkerError):  # it has just ended
            await worker.dispatch("retire", None, None, Invocation())
    await worker.close(GRACE)
