"""The WebSockets that objects have accepted to sleep beside: durable-objects/best-practices/websockets.

They belong to the object's id and not to its instance, so they stay open while the object is not in memory.
What each method means was taken from workerd (api/actor-state.c++, io/hibernation-manager.c++).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from engine.bindings.binding import BindingError
from engine.durable.object_socket import Line, ObjectSocket

if TYPE_CHECKING:
    from engine.durable.house import House
    from engine.durable.storage import Storage

log = logging.getLogger("engine.durable")

#: Sockets that one object may have (workerd: ACTIVE_CONNECTION_LIMIT).
MOST: Final = 32_768
#: What else an isolate says of a socket, beside its messages (js/src/websocket/hibernation.js).
ATTACH, DROP, RESET = 3, 4, 5
#: What clients are told when the instance is gone: it failed, or there is new code.
FAILED, RESTARTED = 1011, 1012


class ObjectSockets:
    """All sockets of one object, and what it has set for them.

    Attributes:
        object_id: whose they are, and `name` its name where it has one.
        request: the text that is answered with `response` without waking the object; None is none.
        timeout_ms: how long an event may take; None is no limit.
        storage: the instance's, whose writes come before what it sends; None while it sleeps.
    """

    __slots__ = (
        "_held",
        "_lock",
        "_members",
        "_releasing",
        "_tagged",
        "house",
        "name",
        "object_id",
        "request",
        "response",
        "storage",
        "timeout_ms",
    )

    def __init__(self, house: House, object_id: str) -> None:
        self.house = house
        self.object_id = object_id
        self.name: str | None = None
        self.request: bytes | None = None
        self.response = b""
        self.timeout_ms: int | None = None
        self.storage: Storage | None = None
        self._lock = threading.Lock()  # both threads add and remove
        self._members: dict[int, ObjectSocket] = {}
        self._tagged: dict[str, dict[int, ObjectSocket]] = {}
        self._held: deque[tuple[ObjectSocket, int, bytes]] = deque()
        self._releasing = False

    def __len__(self) -> int:
        return len(self._members)

    # -- on the isolate's thread

    def accept(self, tags: tuple[str, ...], attachment: bytes | None) -> int:
        """A new one; gives its number.

        Raises:
            BindingError: it has as many as it may have.
        """
        if len(self._members) >= MOST:
            raise BindingError(f"only {MOST} websockets can be accepted on a single Durable Object instance")
        socket = ObjectSocket(self, tags, attachment)
        with self._lock:
            SOCKETS[socket.number] = self._members[socket.number] = socket
            for tag in tags:
                self._tagged.setdefault(tag, {})[socket.number] = socket
        return socket.number

    def listing(self, tag: str | None) -> list[int]:
        """Their numbers, negative where the object has closed its end: the newest first, with a tag last."""
        with self._lock:
            members = list((self._members if tag is None else self._tagged.get(tag, {})).values())
        numbers = [-each.number if each.closed else each.number for each in members]
        return numbers[::-1] if tag is None else numbers

    def unlist(self, socket: ObjectSocket) -> None:
        """It is none of the object's sockets any more."""
        with self._lock:
            self._members.pop(socket.number, None)
            for tag in socket.tags:
                tagged = self._tagged.get(tag, {})
                tagged.pop(socket.number, None)
                if not tagged:
                    self._tagged.pop(tag, None)

    # -- on the event loop

    def send(self, socket: ObjectSocket, operation: int, data: bytes) -> None:
        """What the object says to a socket: the output gate holds it until its writes are on the disk."""
        storage = self.storage
        if self._held or (storage is not None and not storage.settled):
            self._held.append((socket, operation, data))
            if not self._releasing:
                self._releasing = True
                self.keep(self._release())
        else:
            socket.out(operation, data)

    async def _release(self) -> None:
        try:
            while self._held:
                if self.storage is not None:
                    await self.storage.flushed()
                while self._held and (self.storage is None or self.storage.settled):
                    socket, operation, data = self._held.popleft()
                    socket.out(operation, data)
        except Exception as error:  # nobody may hear of what could not be written; the object is reset
            log.info("what an object said was dropped with its writes: %s", error)
            self._held.clear()
        finally:
            self._releasing = False

    def forget(self, socket: ObjectSocket) -> None:
        """A socket is closed at both ends."""
        self.unlist(socket)
        SOCKETS.pop(socket.number, None)

    def end(self, code: int, reason: str) -> None:
        """Close them all: the code, or the instance, that they belong to is gone."""
        with self._lock:
            members = list(self._members.values())
            self._members.clear()
            self._tagged.clear()
        self._held.clear()
        self.request = self.timeout_ms = None
        for socket in members:
            SOCKETS.pop(socket.number, None)
            socket.end(code, reason)

    def keep(self, work: Any) -> None:
        """Run something to its end: the event loop itself holds tasks only weakly."""
        task = asyncio.get_running_loop().create_task(work)
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)


SOCKETS: Final[dict[int, ObjectSocket]] = {}
"""Every socket of this process, by its number."""
ROOMS: Final[dict[int, ObjectSockets]] = {}
"""The sockets of the objects that live now, by the number that JavaScript calls an object by."""
_tasks: Final[set[asyncio.Task[None]]] = set()


def take(number: int, operation: int, data: bytes) -> None:
    """What an isolate says of a socket: a message, a close, or one of the operations above."""
    if operation == RESET:
        room = ROOMS.get(number)
        if room is not None:
            room.end(FAILED, "the Durable Object was reset")
        return
    socket = SOCKETS.get(number)
    if socket is None:
        return
    if operation == ATTACH:
        socket.attachment = data
    elif operation == DROP:
        socket.drop()
    else:
        socket.room.send(socket, operation, data)


def given(number: int) -> None:
    """A response has the other end: whoever gets it has some time to take it."""
    socket = SOCKETS.get(number)
    if socket is not None:
        socket.given()


def attach(number: int, line: Line) -> bool:
    """Join a connection to a socket; False when it is gone."""
    socket = SOCKETS.get(number)
    return socket is not None and socket.attach(line)


def drop(number: int) -> None:
    """The client that a socket was for has gone."""
    socket = SOCKETS.get(number)
    if socket is not None:
        socket.drop()
