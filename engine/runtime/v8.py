"""V8's own functions, called past mini-racer: its shared library exports them (``v8-isolate.h`` and others).

What they are for is in `rejections` and `code_cache`. Everything here is for a callback from JavaScript, on
the isolate's thread: an isolate is entered then, and handles have a scope to live in.

Where a function is missing, or nobody has tried them, there is none of it, and both do without.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from functools import cache
from typing import Any, Final

#: Where it has been tried: on another machine it would be a guess at how structures are passed.
TRIED: Final = frozenset({("linux", "x86_64")})

pointer, word = ctypes.c_void_p, ctypes.c_size_t
at = word.from_address
"""The tagged address in the slot that a handle is."""


class Message(ctypes.Structure):
    """v8::PromiseRejectMessage: the slots of a promise and of its reason, and what happened."""

    _fields_ = (("promise", pointer), ("event", ctypes.c_int), ("value", pointer))


class CachedData(ctypes.Structure):
    """v8::ScriptCompiler::CachedData."""

    _fields_ = (
        *(("data", pointer), ("length", ctypes.c_int)),
        *(("rejected", ctypes.c_bool), ("policy", ctypes.c_int)),
    )


class Source(ctypes.Structure):
    """v8::ScriptCompiler::Source, which V8 only reads and never destroys."""

    _fields_ = (
        *(("string", pointer), ("name", pointer), ("line", ctypes.c_int), ("column", ctypes.c_int)),
        *(("options", ctypes.c_int), ("map", pointer), ("host", pointer), ("cached", pointer)),
        *(("task", pointer), ("hint", pointer), ("hint_data", pointer), ("details", ctypes.c_int64 * 3)),
    )


RejectCallback = ctypes.CFUNCTYPE(None, Message)


class V8:
    """The functions. Those that run or compile JavaScript let go of the interpreter's lock.

    Raises:
        AttributeError: One is missing.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        quick = ctypes.PyDLL(library._name, handle=library._handle)
        slow = ctypes.CDLL(library._name, handle=library._handle)

        def function(of: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> Any:
            found = getattr(of, name)
            found.restype, found.argtypes = result, arguments
            return found

        self.isolate = function(quick, "_ZN2v87Isolate13TryGetCurrentEv", pointer)
        self.context = function(quick, "_ZN2v87Isolate17GetCurrentContextEv", pointer, pointer)
        self.on_reject = function(
            quick,
            "_ZN2v87Isolate24SetPromiseRejectCallbackEPFvNS_20PromiseRejectMessageEE",
            *(None, pointer, RejectCallback),
        )
        self.keep = function(
            quick,
            "_ZN2v812api_internal18GlobalizeReferenceEPNS_8internal7IsolateEm",
            *(pointer, pointer, word),
        )
        self.drop = function(quick, "_ZN2v812api_internal13DisposeGlobalEPm", None, pointer)
        self.hash = function(quick, "_ZN2v86Object15GetIdentityHashEv", ctypes.c_int, pointer)
        self._global = function(quick, "_ZN2v87Context6GlobalEv", pointer, pointer)
        self._get = function(
            quick, "_ZN2v86Object3GetENS_5LocalINS_7ContextEEEj", pointer, pointer, pointer, ctypes.c_uint32
        )
        self._put = function(
            quick,
            "_ZN2v86Object18CreateDataPropertyENS_5LocalINS_7ContextEEEjNS1_INS_5ValueEEE",
            *(ctypes.c_uint16, pointer, pointer, ctypes.c_uint32, pointer),  # gives a Maybe<bool>
        )
        self.text = function(
            quick,
            "_ZN2v86String11NewFromUtf8EPNS_7IsolateEPKcNS_13NewStringTypeEi",
            *(pointer, pointer, ctypes.c_char_p, ctypes.c_int, ctypes.c_int),
        )
        self.compile = function(
            slow,
            "_ZN2v814ScriptCompiler7CompileENS_5LocalINS_7ContextEEEPNS0_6SourceENS0_14CompileOptionsE"
            "NS0_13NoCacheReasonE",
            *(pointer, pointer, pointer, ctypes.c_int, ctypes.c_int),
        )
        self.run = function(slow, "_ZN2v86Script3RunENS_5LocalINS_7ContextEEE", pointer, pointer, pointer)
        self.unbound = function(quick, "_ZN2v86Script16GetUnboundScriptEv", pointer, pointer)
        self.make_cache = function(
            slow, "_ZN2v814ScriptCompiler15CreateCodeCacheENS_5LocalINS_13UnboundScriptEEE", pointer, pointer
        )
        self.free_cache = function(quick, "_ZN2v814ScriptCompiler10CachedDataD1Ev", None, pointer)


class Hands:
    """An array of JavaScript's that this side puts values into: how a handle gets to JavaScript.

    Args:
        v8: The functions. Item 0 of the global object is the array now.
    """

    def __init__(self, v8: V8) -> None:
        self._v8 = v8
        self._isolate = v8.isolate()
        context = v8.context(self._isolate)
        found = v8._get(v8._global(context), context, 0)
        self._array = v8.keep(self._isolate, at(found).value)

    def put(self, index: int, handle: int) -> None:
        """Make the value of a handle the array's item; no JavaScript of anybody's runs by it."""
        self._v8._put(self._array, self._v8.context(self._isolate), index, handle)


@cache
def v8_of(library: ctypes.CDLL) -> V8 | None:
    """The functions in mini-racer's library, where they are there and known to work."""
    if (sys.platform, platform.machine()) not in TRIED:
        return None
    try:
        return V8(library)
    except AttributeError:
        return None
