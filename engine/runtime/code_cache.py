"""Compiled code from one isolate to the next: parsing is most of what an isolate's start costs.

V8 gives what it has compiled of a script as bytes, and takes them instead of parsing the same text again
(https://v8.dev/blog/code-caching). It looks at its own version, its flags and the text's length only, so the
bytes are found here by the text itself. They never leave the process.
"""

from __future__ import annotations

import ctypes
import threading
from collections import OrderedDict
from typing import Final

from .v8 import V8, CachedData, Source, at

#: Bytes of code, and of the texts that it is of, that are kept.
MOST: Final = 32 << 20


_CONSUME = 1  # v8::ScriptCompiler::kConsumeCodeCache


class CodeCache:
    """What has been compiled in this process. Any thread."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._guard = threading.Lock()

    def find(self, text: bytes) -> bytes | None:
        """The code of a script that has been compiled."""
        with self._guard:
            code = self._kept.get(text)
            if code is not None:
                self._kept.move_to_end(text)
            return code

    def keep(self, text: bytes, code: bytes) -> None:
        """Have it from now on."""
        with self._guard:
            old = self._kept.pop(text, None)
            self._size += len(code) + len(text) - (0 if old is None else len(old) + len(text))
            self._kept[text] = code
            while self._size > self._most:
                other, dropped = self._kept.popitem(last=False)
                self._size -= len(other) + len(dropped)


code_cache: Final = CodeCache()


class Scripts:
    """Evaluates scripts in one isolate. All in callbacks from JavaScript.

    Functions are compiled when they are first called, and the code that V8 gives is of those that have been.
    So it is asked for later than the script is evaluated: at each `rest` of the next few.
    """

    def __init__(self, v8: V8, cache: CodeCache = code_cache) -> None:
        self._v8 = v8
        self._cache = cache
        # Text, handle of the script, after how many rests its code is taken.
        self._new: list[tuple[bytes, int, list[int]]] = []

    def evaluate(self, text: bytes, rests: tuple[int, ...]) -> int | None:
        """Evaluate a classic script.

        Args:
            text: The script, as UTF-8.
            rests: At which of the rests that follow its code is taken, from 1.

        Returns:
            The handle of its value; None when it threw, which V8 goes on with as the callback returns.
        """
        v8 = self._v8
        isolate = v8.isolate()
        context = v8.context(isolate)
        string = v8.text(isolate, text, 0, len(text))
        if string is None:
            return None
        source, cached, code = Source(string=string), CachedData(), self._cache.find(text)
        if code is not None:
            cached.data = ctypes.cast(ctypes.c_char_p(code), ctypes.c_void_p).value
            cached.length = len(code)
            source.cached = ctypes.addressof(cached)
        script = v8.compile(context, ctypes.byref(source), 0 if code is None else _CONSUME, 0)
        if script is None:
            return None
        if code is None or cached.rejected:
            kept = v8.keep(isolate, at(v8.unbound(script)).value)
            self._new.append((text, kept, list(rests)))
        value: int | None = v8.run(script, context)
        return value

    def rest(self) -> None:
        """JavaScript has come to an end of something."""
        if not self._new:
            return
        left = []
        for text, script, rests in self._new:
            rests[:] = [number - 1 for number in rests]
            if 0 in rests:
                code = self._code_of(script)
                if code:  # V8 gives none of some
                    self._cache.keep(text, code)
                rests.remove(0)
            if rests:
                left.append((text, script, rests))
            else:
                self._v8.drop(script)
        self._new = left

    def _code_of(self, script: int) -> bytes:
        made = self._v8.make_cache(script)
        if made is None:
            return b""
        data = CachedData.from_address(made)
        code = ctypes.string_at(data.data, data.length)
        self._v8.free_cache(made)  # the bytes; the structure, three words, has no function that frees it
        return code
