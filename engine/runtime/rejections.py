"""Promises that are rejected while nobody handles them, straight from V8: mini-racer has no hook for it.

Its shared library exports V8's own functions, so a callback can be set on an isolate (``v8-promise.h``,
``v8-isolate.h``): V8 calls it, on the isolate's thread, in the middle of whatever JavaScript does, perhaps
with no stack left or while it is being terminated. So it runs no JavaScript and allocates nothing in the
heap: it keeps persistent handles of the promise and of the reason, and lets go of both when a handler comes
after all. JavaScript asks for what is left when all microtasks have run: js/src/rejections.js.

Where the functions are missing, or nobody has tried them, there is no hook and nothing is told.
"""

from __future__ import annotations

import ctypes
import platform
import sys
import threading
from collections import deque
from collections.abc import Callable
from functools import cache
from itertools import chain
from typing import Any, Final

NOTHING, UNHANDLED, HANDLED = range(3)
"""What `Rejections.take` found: nothing more, a rejection, or one told earlier that has a handler by now."""

# v8::PromiseRejectEvent; the other two are of promises that are settled twice.
_NO_HANDLER, _HANDLER_ADDED = 0, 1

#: As many are kept at a time, with what they were rejected with. Of more nothing is told.
MOST: Final = 1_000

#: Where it has been tried: on another machine it would be a guess at how structures are passed.
TRIED: Final = frozenset({("linux", "x86_64")})

_pointer, _word = ctypes.c_void_p, ctypes.c_size_t


class _Message(ctypes.Structure):
    """v8::PromiseRejectMessage: two handles, each the address of a slot, and what happened between them."""

    _fields_ = (("promise", _pointer), ("event", ctypes.c_int), ("value", _pointer))


_Callback = ctypes.CFUNCTYPE(None, _Message)


class _V8:
    """The functions of V8 that are needed. Called with the interpreter's lock held: each is done in no time.

    Raises:
        AttributeError: One is missing.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        loaded = ctypes.PyDLL(library._name, handle=library._handle)

        def function(name: str, result: Any, *arguments: Any) -> Any:
            found = getattr(loaded, name)
            found.restype, found.argtypes = result, arguments
            return found

        self.isolate = function("_ZN2v87Isolate13TryGetCurrentEv", _pointer)
        self.context = function("_ZN2v87Isolate17GetCurrentContextEv", _pointer, _pointer)
        self.listen = function(
            "_ZN2v87Isolate24SetPromiseRejectCallbackEPFvNS_20PromiseRejectMessageEE",
            None,
            _pointer,
            _Callback,
        )
        self.keep = function(
            "_ZN2v812api_internal18GlobalizeReferenceEPNS_8internal7IsolateEm", _pointer, _pointer, _word
        )
        self.drop = function("_ZN2v812api_internal13DisposeGlobalEPm", None, _pointer)
        self.hash = function("_ZN2v86Object15GetIdentityHashEv", ctypes.c_int, _pointer)
        self.put = function(
            "_ZN2v86Object18CreateDataPropertyENS_5LocalINS_7ContextEEEjNS1_INS_5ValueEEE",
            ctypes.c_uint16,  # Maybe<bool>
            *(_pointer, _pointer, ctypes.c_uint32, _pointer),
        )


@cache
def _v8(library: ctypes.CDLL) -> _V8 | None:
    if (sys.platform, platform.machine()) not in TRIED:
        return None
    try:
        return _V8(library)
    except AttributeError:
        return None


_at = _word.from_address


class Rejections:
    """Those of one isolate. All but ``count`` is for the isolate's thread.

    Args:
        library: mini-racer's.
        tell: Called when there are some, and not again until ``look``.
        note: Called with how many there are, whenever that changes.
        running: Gives the number of the event that JavaScript works for.

    Attributes:
        count: How many there are to take.
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        tell: Callable[[], None],
        note: Callable[[int], None],
        running: Callable[[], int],
    ) -> None:
        self.count = 0
        self._v8 = _v8(library)
        self._tell = tell
        self._note = note
        self._running = running
        self._thread = 0
        self._isolate = 0
        self._told = False
        self._sink: int | None = None
        self._any_taken = False
        # By the promise's identity hash, which few share: its handle, its reason's, and the event.
        self._open: dict[int, list[tuple[int, int, int]]] = {}
        self._taken: deque[tuple[int, int, int]] = deque()
        self._handled: list[int] = []

    def listen(self) -> None:
        """Set the callback. The reason of the first rejection after it is the array that ``take`` fills."""
        if self._v8 is None or self._thread:
            return
        self._thread = threading.get_ident()
        self._isolate = self._v8.isolate()
        _listening[self._thread] = self
        self._v8.listen(self._isolate, _callback)

    def take(self) -> tuple[int, int]:
        """Put a promise into the array's item 0, and its reason into item 1. For calls from JavaScript.

        Returns:
            What it is, and the number of the event at the time.
        """
        v8 = self._v8
        if v8 is None or self._sink is None:
            return NOTHING, 0
        if self._open:
            self._taken.extend(chain.from_iterable(self._open.values()))
            self._open.clear()
            self._any_taken = True
        if self._taken:
            promise, reason, event = self._taken.popleft()
            self._move(v8, promise, reason)
            self._add(-1)
            return UNHANDLED, event
        if self._handled:
            self._move(v8, self._handled.pop())
            self._add(-1)
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
        v8 = self._v8
        if v8 is None:
            return
        isolate = self._isolate
        if event == _NO_HANDLER and self._sink is None:
            self._sink = v8.keep(isolate, _at(value).value)
        elif event == _NO_HANDLER:
            if self.count < MOST:
                kept = v8.keep(isolate, _at(promise).value), v8.keep(isolate, _at(value).value)
                self._open.setdefault(v8.hash(promise), []).append((*kept, self._running()))
                self._add(1)
        elif event == _HANDLER_ADDED:
            told = not self._close(v8, promise) and self._any_taken  # JavaScript knows if it was this one
            if told and self.count < MOST:
                self._handled.append(v8.keep(isolate, _at(promise).value))
                self._add(1)

    def _close(self, v8: _V8, promise: int) -> bool:
        """Forget a rejection that has not been told yet; whether it was one."""
        if not self._open:
            return False
        key = v8.hash(promise)
        found = self._open.get(key, [])
        for index, (handle, reason, _) in enumerate(found):
            if _at(handle).value == _at(promise).value:
                v8.drop(handle)
                v8.drop(reason)
                del found[index]
                if not found:
                    del self._open[key]
                self._add(-1)
                return True
        return False

    def _move(self, v8: _V8, *handles: int) -> None:
        context = v8.context(self._isolate)
        for index, handle in enumerate(handles):
            v8.put(self._sink, context, index, handle)
            v8.drop(handle)

    def _add(self, by: int) -> None:
        self.count += by
        self._note(self.count)
        if by > 0 and not self._told:
            self._told = True
            self._tell()


_listening: dict[int, Rejections] = {}


def _on_message(message: _Message) -> None:
    rejections = _listening.get(threading.get_ident())
    if rejections is not None:
        rejections.notice(message.event, message.promise, message.value)


# V8 has no way to take a callback back, so it outlives everything, the end of the interpreter too.
_callback = _Callback(_on_message)
ctypes.pythonapi.Py_IncRef(ctypes.py_object(_callback))
