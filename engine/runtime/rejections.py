"""Promises that are rejected while nobody handles them, straight from V8: mini-racer has no hook for it.

V8 calls back on the isolate's thread, in the middle of whatever JavaScript does, perhaps with no stack left
or while it is being terminated. So the callback runs no JavaScript and allocates nothing in the heap: it
keeps persistent handles of the promise and of the reason, and lets go of both when a handler comes after all.
JavaScript asks for what is left when all microtasks have run: js/src/rejections.js.
"""

from __future__ import annotations

import ctypes
import threading
from collections import deque
from collections.abc import Callable
from itertools import chain
from typing import Final

from .v8 import V8, Hands, Message, RejectCallback, at

NOTHING, UNHANDLED, HANDLED = range(3)
"""What `Rejections.take` found: nothing more, a rejection, or one told earlier that has a handler by now."""

# v8::PromiseRejectEvent; the other two are of promises that are settled twice.
_NO_HANDLER, _HANDLER_ADDED = 0, 1

#: As many are kept at a time, with what they were rejected with. Of more nothing is told.
MOST: Final = 1_000


class Rejections:
    """Those of one isolate. All but ``count`` is for the isolate's thread.

    Args:
        v8: The functions of V8.
        hands: What `take` hands its findings over with.
        tell: Called when there are some, and not again until ``look``.
        note: Called with how many there are, whenever that changes.
        running: Gives the number of the event that JavaScript works for.

    Attributes:
        count: How many there are to take.
    """

    def __init__(
        self,
        v8: V8,
        hands: Hands,
        tell: Callable[[], None],
        note: Callable[[int], None],
        running: Callable[[], int],
    ) -> None:
        self.count = 0
        self._v8 = v8
        self._hands = hands
        self._tell = tell
        self._note = note
        self._running = running
        self._thread = 0
        self._isolate = 0
        self._told = False
        self._any_taken = False
        # By the promise's identity hash, which few share: its handle, its reason's, and the event.
        self._open: dict[int, list[tuple[int, int, int]]] = {}
        self._taken: deque[tuple[int, int, int]] = deque()
        self._handled: list[int] = []

    def listen(self) -> None:
        """Set the callback. For a call from JavaScript, as `take`."""
        self._thread = threading.get_ident()
        self._isolate = self._v8.isolate()
        _listening[self._thread] = self
        self._v8.on_reject(self._isolate, _callback)

    def take(self) -> tuple[int, int]:
        """Hand over a promise as item 0, and its reason as item 1.

        Returns:
            What it is, and the number of the event at the time.
        """
        if self._open:
            self._taken.extend(chain.from_iterable(self._open.values()))
            self._open.clear()
            self._any_taken = True
        if self._taken:
            promise, reason, event = self._taken.popleft()
            self._move(promise, reason)
            return UNHANDLED, event
        if self._handled:
            self._move(self._handled.pop())
            return HANDLED, 0
        return NOTHING, 0

    def look(self) -> bool:
        """Whether there are still some. Any thread."""
        self._told = False
        return self.count > 0

    def forget(self) -> None:
        """The isolate is gone, and with it all handles. Any thread."""
        if _listening.get(self._thread) is self:  # another thread may have got its number
            del _listening[self._thread]

    def notice(self, event: int, promise: int, value: int) -> None:
        """V8 tells of a promise: the addresses are of slots that hold it and the reason."""
        v8, isolate = self._v8, self._isolate
        if event == _NO_HANDLER:
            if self.count < MOST:
                kept = v8.keep(isolate, at(promise).value), v8.keep(isolate, at(value).value)
                self._open.setdefault(v8.hash(promise), []).append((*kept, self._running()))
                self._add(1)
        elif event == _HANDLER_ADDED:
            told = not self._close(promise) and self._any_taken  # JavaScript knows if it was this one
            if told and self.count < MOST:
                self._handled.append(v8.keep(isolate, at(promise).value))
                self._add(1)

    def _close(self, promise: int) -> bool:
        """Forget a rejection that has not been told yet; whether it was one."""
        if not self._open:
            return False
        v8 = self._v8
        key = v8.hash(promise)
        found = self._open.get(key, [])
        for index, (handle, reason, _) in enumerate(found):
            if at(handle).value == at(promise).value:
                v8.drop(handle)
                v8.drop(reason)
                del found[index]
                if not found:
                    del self._open[key]
                self._add(-1)
                return True
        return False

    def _move(self, *handles: int) -> None:
        for index, handle in enumerate(handles):
            self._hands.put(index, handle)
            self._v8.drop(handle)
        self._add(-1)

    def _add(self, by: int) -> None:
        self.count += by
        self._note(self.count)
        if by > 0 and not self._told:
            self._told = True
            self._tell()


_listening: dict[int, Rejections] = {}


def _on_message(message: Message) -> None:
    rejections = _listening.get(threading.get_ident())
    if rejections is not None:
        rejections.notice(message.event, message.promise, message.value)


# V8 has no way to take a callback back, so it outlives everything, the end of the interpreter too.
_callback = RejectCallback(_on_message)
ctypes.pythonapi.Py_IncRef(ctypes.py_object(_callback))
