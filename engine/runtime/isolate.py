"""One V8 isolate, through mini-racer's C interface: long, since no other file may know ``py_mini_racer``.

The public Python interface of mini-racer costs 400..1,600 us a call; a function call posted straight to the
C interface, with the data in a SharedArrayBuffer, 18 us when 64 are under way. What is relied on (mini-racer
0.14, ``context.cc``, ``js_callback_maker.cc``):

* every context has a thread of its own, on which all JavaScript and all callbacks run;
* ``mr_eval`` and ``mr_call_function`` only post a task and call back with the result;
* inside a callback no function may be used that waits for the isolate's thread: only data in shared memory;
* ``mr_free_context`` ends running JavaScript, endless microtasks too, and waits for the thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import itertools
import json
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from queue import SimpleQueue
from typing import Any

from py_mini_racer._dll import MR_CALLBACK, init_mini_racer

from .code_cache import Scripts
from .memory import share_arenas
from .rejections import Rejections
from .v8 import V8, Hands, v8_of

# Value types of mini-racer's C interface (_objects.py, _MiniRacerTypes).
_INTEGER, _DOUBLE, _STRING, _BOOL, _UNDEFINED = 3, 4, 5, 2, 11
_SHARED_ARRAY_BUFFER = 101
_FIRST_ERROR, _PARSE_ERROR, _OUT_OF_MEMORY, _TERMINATED = 200, 201, 202, 204

_NOTIFY, _SYNC, _PUMPED, _REJECTIONS, _BOOT, _FIRST_TASK = 1, 2, 3, 4, 5, 16

# The shared memory: 16 int32 of header, then three areas. js/src/ring.js has the same numbers.
IN_SIZE, OUT_SIZE, SYNC_SIZE = 1 << 18, 1 << 18, 1 << 16
_HEADER = 64
_IN, _OUT = _HEADER, _HEADER + IN_SIZE
_SYNC_AREA = _OUT + OUT_SIZE
_IN_LENGTH, _IN_TAKEN, _OUT_LENGTH, _PENDING, _SYNC_LENGTH, _SYNC_FLAGS, _PUMPED_COUNT = range(7)
_RUNNING, _REJECTED, _REJECTION, _REJECTION_EVENT, _WROTE = range(7, 12)
_MORE, _CONTINUE, _LIBRARY, _SCRIPT = 1, 2, 4, 8

_LOCKED = 0  # PyGILState_LOCKED: the lock was held when it was taken once more
_LEAVE_SECONDS = 0.2
# Rests of JavaScript: after the end of the start, after loading, after each answer.
_ANSWERED, _WARM = 2, 5

_HEAD = (
    "(function(__notify,__sync,__rejections,__hands){'use strict';"
    "const __host={notify:__notify,sync:__sync,rejections:__rejections,hands:__hands,buffer:null,pump:null};"
)
# The same function, by the code cache: `boot` takes the array and puts the function in, then sees what ran.
_BOOTING = (
    "(function(boot,notify,sync,rejections){'use strict';const hands=[undefined,undefined];"
    "globalThis[0]=hands;boot();delete globalThis[0];"
    "const host=hands[0](notify,sync,rejections,hands);boot();return host})"
)


# V8 guards some of its memory with protection keys, and a key opens it for the thread that made it and those
# that descend from that one. So one thread loads V8, and makes and frees every context.
_home = ThreadPoolExecutor(1, "v8-home")


class IsolateError(Exception):
    """JavaScript that the engine itself gave to V8 failed.

    ``kind`` is "parse", "memory", "terminated" or "exception".
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message or kind)
        self.kind = kind


def stack_kilobytes() -> int:
    """How much stack V8 may use on the threads that mini-racer makes, in KB.

    They get the process's default: ``ulimit -s`` with glibc (2 MB where that is unlimited), 512 KB on macOS
    and 128 KB with musl whatever the limit. Beyond the end of the real stack is a segmentation fault, so a
    small stack needs a smaller allowance; a callback into Python needs some of it too.
    """
    if sys.platform in ("darwin", "win32"):
        return 256
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    real = 2 << 20 if soft == resource.RLIM_INFINITY else soft
    return 984 if real >= 2 << 20 else max(64, real // 2048)


@cache
def _library() -> ctypes.CDLL:
    share_arenas()
    return init_mini_racer(
        flags=(
            "--single-threaded",
            "--experimental-wasm-stringref",
            f"--stack-size={stack_kilobytes()}",
        ),
        ignore_duplicate_init=True,
    )


def _value(raw: Any) -> Any:
    """Convert a simple value; an error raises IsolateError."""
    kind, value, length = raw.contents.type, raw.contents.value, raw.contents.len
    if kind >= _FIRST_ERROR:
        name = {_PARSE_ERROR: "parse", _OUT_OF_MEMORY: "memory", _TERMINATED: "terminated"}.get(
            kind, "exception"
        )
        text = value.bytes_val[:length].decode("utf-8", "replace") if length else ""
        raise IsolateError(name, text)
    if kind == _STRING:
        return value.bytes_val[:length].decode("utf-8", "replace")
    if kind == _INTEGER:
        return int(value.int_val)
    if kind == _BOOL:
        return value.int_val == 1
    return float(value.double_val) if kind == _DOUBLE else None


class Context:
    """A bare V8 context on a thread of its own.

    Args:
        handlers: What to call, on the context's thread, when JavaScript calls a function made by
            ``function(id)``, or when a task posted with that id has ended (it gets the raw result).
        memory_mb: The JavaScript heap's hard limit; 0 for none. ArrayBuffers are not in it.
    """

    def __init__(self, handlers: dict[int, Callable[[Any], None]], memory_mb: int = 0) -> None:
        self._dll = self.library = library = _home.submit(_library).result()
        self._handlers = handlers
        self._known = False
        self.clock: int | None = None
        self.thread: int | None = None
        self._ids = itertools.count(_FIRST_TASK)
        self._callback = MR_CALLBACK(self._called)  # kept: C holds no reference to it
        self._closing = threading.Lock()
        self.closed = False
        self.id: int = _home.submit(library.mr_init_context, self._callback).result()
        self.call_function = self._dll.mr_call_function
        if memory_mb:
            self.limit_memory(memory_mb)

    def _called(self, number: int, raw: Any) -> None:
        if not self._known:
            self._known = True
            # Else every callback would make and delete the thread's Python state: half of its cost.
            ctypes.pythonapi.PyGILState_Ensure()
            self.thread = threading.get_ident()
            if hasattr(time, "pthread_getcpuclockid"):
                self.clock = time.pthread_getcpuclockid(threading.get_ident())
        handler = self._handlers.get(number)
        try:
            if handler is not None:
                handler(raw)
        finally:
            if number < _FIRST_TASK:
                self._dll.mr_free_value(self.id, raw)

    def handle(self, number: int, handler: Callable[[Any], None]) -> None:
        """Set what JavaScript calls by a function of that number."""
        self._handlers[number] = handler

    def post(self, code: str, done: Callable[[Any], None]) -> None:
        """Evaluate ``code``; ``done(raw)`` runs on the context's thread and owns the raw value."""
        number = next(self._ids)
        source = self.string(code)

        def handle(raw: Any) -> None:
            del self._handlers[number]
            self._dll.mr_free_value(self.id, source)
            done(raw)

        self._handlers[number] = handle
        self._dll.mr_eval(self.id, source, number)

    def limit_memory(self, memory_mb: int) -> None:
        """Set the heap's hard limit: beyond it a task ends with an IsolateError of kind "memory"."""
        self._dll.mr_set_hard_memory_limit(self.id, memory_mb << 20)

    def out_of_memory(self) -> bool:
        """Whether that limit has been reached."""
        return bool(self._dll.mr_hard_memory_limit_reached(self.id))

    def string(self, text: str) -> Any:
        """A raw string value."""
        data = text.encode()
        return self._dll.mr_alloc_string_val(self.id, data, len(data), _STRING)

    def free(self, raw: Any) -> None:
        """Give back a raw value."""
        self._dll.mr_free_value(self.id, raw)

    def wait(self, code: str) -> Any:
        """Evaluate ``code`` and return the raw value. Blocks: not for the event loop."""
        results: SimpleQueue[Any] = SimpleQueue()
        self.post(code, results.put)
        return results.get()

    def call(self, function: Any, arguments: Any) -> Any:
        """Call a raw function with a raw array and return the raw value. Blocks: not for the event loop."""
        results: SimpleQueue[Any] = SimpleQueue()
        number = next(self._ids)
        self._handlers[number] = results.put
        self.call_function(self.id, function, self.undefined(), arguments, number)
        raw = results.get()
        del self._handlers[number]
        return raw

    def item(self, target: Any, name: str) -> Any:
        """A raw property of a raw object. Blocks."""
        return self._dll.mr_get_object_item(self.id, target, self.string(name))

    def undefined(self) -> Any:
        """The raw value ``undefined``."""
        return self._dll.mr_alloc_int_val(self.id, 0, _UNDEFINED)

    def functions(self, numbers: Sequence[int]) -> Any:
        """A raw array of JavaScript functions that call the handlers of ``numbers``. Blocks."""
        array = self.wait("[]")
        for number in numbers:
            self._dll.mr_array_push(self.id, array, self._dll.mr_make_js_callback(self.id, number))
        return array

    def heap(self) -> dict[str, int]:
        """V8's heap numbers, in bytes. Blocks while JavaScript runs: not for the event loop."""
        statistics: dict[str, int] = json.loads(_value(self._dll.mr_heap_stats(self.id)))
        return statistics

    def tidy(self) -> None:
        """Collect all garbage, and give its pages back. Blocks until no JavaScript runs."""
        self._dll.mr_low_memory_notification(self.id)

    def close(self, stuck: bool = False) -> None:
        """End whatever runs and free everything: 1..2 ms, from any thread but the context's own.

        Args:
            stuck: JavaScript runs and is not expected to come back. The thread's Python state (20 KB) stays.
        """
        with self._closing:
            if self.closed:
                return
            self.closed = True
        if self._known and not stuck:
            left = threading.Event()

            def leave(_: Any) -> None:
                ctypes.pythonapi.PyGILState_Release(_LOCKED)
                left.set()

            self.post("0", leave)
            left.wait(_LEAVE_SECONDS)
        _home.submit(self._dll.mr_free_context, self.id).result()


def home_answers() -> Future[None]:
    """Settles once contexts can be made and freed.

    One thread does both, and freeing waits for a builtin of V8's that cannot be interrupted (``fill`` of a
    huge array) to end, or to bring the process down: while this does not settle, no isolate can be made.
    """
    return _home.submit(_nothing)


def _nothing() -> None:
    """The question to the home thread."""


class Script:
    """A script that answers calls with text: the compiler's tools isolate.

    Args:
        source: Evaluated at once, as a classic script.
        memory_mb: The heap's hard limit, 0 for none.
    """

    def __init__(self, source: str, memory_mb: int = 0) -> None:
        self._context = Context({}, memory_mb)
        _value(self._context.wait(source))

    @classmethod
    async def load(cls, source: str, memory_mb: int = 0) -> Script:
        """Make one without blocking the event loop.

        Raises:
            IsolateError: The source did not parse or threw.
        """
        return await asyncio.to_thread(cls, source, memory_mb)

    async def evaluate(self, code: str) -> Any:
        """Evaluate ``code`` and return its value: text, a number, a boolean or None.

        Raises:
            IsolateError: It did not parse, threw, or ran out of memory.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def settle(value: Any, error: IsolateError | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)

        def done(raw: Any) -> None:
            value, problem = None, None
            try:
                value = _value(raw)
            except IsolateError as error:
                problem = error
            self._context.free(raw)
            with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
                loop.call_soon_threadsafe(settle, value, problem)

        self._context.post(code, done)
        return await future

    def close(self) -> None:
        """Free it. Blocks for about a millisecond."""
        self._context.close()


class Isolate:
    """The runtime bundle in an isolate, and the two rings to it.

    One ``pump`` puts a batch of frames into the inbound area and has JavaScript drain it. JavaScript notifies
    when the microtasks after that have run, when its outbound area is full, and when it has something to tell
    at other times; what is in the area is taken then, on V8's thread, so it never overflows.

    V8 runs microtasks after the task's own result has been given, so that result says little: an endless
    chain of microtasks holds the thread although the pump has ended. The next pump shows it.

    Args:
        source: The bundle: statements that find ``__host`` = {notify, sync, rejections, hands, buffer,
            pump} in scope.
        loop: Where the handlers below run.
        on_sync: Answers a synchronous call, on V8's thread.
        memory_mb: The heap's hard limit.
        library: Gives the source of a bundle that JavaScript loads late, by its name; UTF-8.

    Attributes:
        scripts: What JavaScript asks for by name: its program's modules.

    Making one blocks for about 5 ms: use a thread.
    """

    def __init__(
        self,
        source: str,
        loop: asyncio.AbstractEventLoop,
        on_sync: Callable[[bytes], bytes],
        memory_mb: int,
        library: Callable[[str], bytes] | None = None,
    ) -> None:
        self.loop = loop
        self.on_output: Callable[[bytes], None] | None = None
        self.on_pumped: Callable[[], None] | None = None
        self.on_problem: Callable[[str], None] | None = None
        self.on_rejections: Callable[[], None] | None = None
        self._on_sync = on_sync
        self._request = bytearray()
        self._answer = memoryview(b"")
        self._guard = threading.Lock()  # the shared memory is not touched after _stopped
        self._stopped = False
        self.pumps = 0
        self.tidied: int | None = None
        self.busy_since: float | None = None
        self.resident: int | None = None
        self.scripts: Mapping[str, bytes] = {}
        self._context = Context(
            {
                _NOTIFY: self._notified,
                _SYNC: self._synced,
                _PUMPED: self._pumped,
                _REJECTIONS: self._listen_or_take,
            },
            memory_mb,
        )
        self._library = library
        self._v8 = v8_of(self._context.library)
        self._hands: Hands | None = None
        self._scripts: Scripts | None = None
        self._rejections: Rejections | None = None
        try:
            self._boot(source)
        except BaseException:
            self._context.close()
            raise

    def _boot(self, source: str) -> None:
        context = self._context
        whole = f"{_HEAD}{source}\n;return __host}})"
        # The host functions exist only in this array and in the bundle's closure.
        functions = [_NOTIFY, _SYNC, _REJECTIONS]
        if self._v8 is None:
            function = context.wait(whole)
        else:
            function = context.wait(_BOOTING)
            functions.insert(0, _BOOT)
            context.handle(_BOOT, partial(self._booted, self._v8, whole.encode()))
        _value(function)
        host = context.call(function, context.functions(functions))
        _value(host)
        self._pump_function = context.item(host, "pump")
        buffer = context.item(host, "buffer")
        if buffer.contents.type != _SHARED_ARRAY_BUFFER:
            raise IsolateError("exception", "The runtime bundle did not set __host.buffer; build it again.")
        size = _HEADER + IN_SIZE + OUT_SIZE + SYNC_SIZE
        self._memory = memoryview((ctypes.c_ubyte * size).from_address(buffer.contents.value.value_ptr)).cast(
            "B"
        )
        self._words = self._memory[:_HEADER].cast("i")
        self._buffer_value = buffer  # holds the SharedArrayBuffer
        self._this = context.undefined()
        self._arguments = context.wait("[]")

    # -- on the event loop

    def pump(self, batch: bytes) -> None:
        """Hand over a batch of at most IN_SIZE bytes; ``on_pumped`` tells when it has been taken."""
        with self._guard:
            if self._stopped:
                return
            self._memory[_IN : _IN + len(batch)] = batch
            words = self._words
            words[_IN_TAKEN] = 0
            words[_IN_LENGTH] = len(batch)
            self.pumps += 1
            self.busy_since = time.monotonic()
            context = self._context
            context.call_function(context.id, self._pump_function, self._this, self._arguments, _PUMPED)

    @property
    def pending(self) -> int:
        """How many things JavaScript waits for: calls, timers, streams."""
        with self._guard:
            return 0 if self._stopped else self._words[_PENDING]

    @property
    def asks(self) -> bool:
        """Whether JavaScript asks for the scripts of its program, and is not sent them."""
        return self._scripts is not None

    def stop(self) -> tuple[bytes, int]:
        """Listen no longer, before ``close``. JavaScript may still be running, endlessly.

        Returns:
            The frames that it has published, and how many bytes of the last batch it had entered.
        """
        with self._guard:
            if self._stopped:
                return b"", 0
            done = self._words[_PUMPED_COUNT] == self.pumps
            taken = IN_SIZE if done else self._words[_IN_TAKEN]
            self.on_output = self.on_pumped = self.on_problem = self.on_rejections = None
            last = self._take()
            self._stopped = True
            return last, taken

    def processor_seconds(self) -> float | None:
        """Processor time its thread has used, None on platforms that do not tell."""
        clock = self._context.clock
        if clock is None:
            return None
        try:
            return time.clock_gettime(clock)
        except OSError:  # the thread has ended
            return None

    @property
    def thread(self) -> int | None:
        """V8's thread, as `threading.get_ident` gives it there."""
        return self._context.thread

    def limit_memory(self, memory_mb: int) -> None:
        """Set the heap's hard limit; ArrayBuffers are not in it."""
        self._context.limit_memory(memory_mb)

    def out_of_memory(self) -> bool:
        """Whether the heap's limit has ended a task, or the microtasks after it, which nobody is told of."""
        with self._guard:
            return not self._stopped and self._context.out_of_memory()

    def heap(self) -> dict[str, int]:
        """V8's heap numbers, in bytes. Blocks while JavaScript runs: not for the event loop."""
        return self._context.heap()

    def tidy(self) -> None:
        """Collect all garbage: 5..10 ms, for which it blocks. Not to be pumped meanwhile.

        JavaScript that does not come back would hold the caller even after ``close``.
        """
        self.tidied = self.pumps
        self._context.tidy()

    def close(self) -> None:
        """End it, even when JavaScript never comes back. Blocks for 1..2 ms; any thread but V8's."""
        stuck = self.busy_since is not None
        self.stop()
        self._context.close(stuck)
        if self._rejections is not None:
            self._rejections.forget()

    # -- on V8's thread

    def _take(self) -> bytes:
        words = self._words
        length = words[_OUT_LENGTH]
        data = bytes(self._memory[_OUT : _OUT + length])
        words[_OUT_LENGTH] = 0
        return data

    def _notified(self, _: Any) -> None:
        if wrote := self._words[_WROTE]:
            # A call of its own for it would be one more wait for the interpreter.
            self._words[_WROTE] = 0
            commit = b'["storage","commit",[%d]]' % wrote
            self._on_sync(len(commit).to_bytes(4, "little") + commit)
        with self._guard:
            data = self._take()  # also when stopped: JavaScript may wait for room
            pumped = self._words[_PUMPED_COUNT]
        self._tell(self._output, data, pumped)
        if self._scripts is not None:
            self._scripts.rest()

    def _pumped(self, raw: Any) -> None:
        try:
            _value(raw)
        except IsolateError as error:
            self._tell(self._failed, f"{error.kind}: {error}")

    def _tell(self, function: Callable[..., None], *values: Any) -> None:
        # A loop that closes meanwhile wants to know nothing more.
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(function, *values)

    def _output(self, data: bytes, pumped: int) -> None:
        if data and self.on_output is not None:
            self.on_output(data)
        if pumped == self.pumps and self.busy_since is not None:
            self.busy_since = None
            if self.on_pumped is not None:
                self.on_pumped()

    def _booted(self, v8: V8, text: bytes, _: Any) -> None:
        if self._hands is None:
            self._hands, self._scripts = Hands(v8), Scripts(v8)
            # Its code is taken at the end of the start, and once more when a request has been answered.
            self._hand_over(text, (1, _WARM))
        elif self._scripts is not None:
            self._scripts.rest()

    def _hand_over(self, text: bytes, rests: tuple[int, ...]) -> None:
        if self._scripts is not None and self._hands is not None:
            value = self._scripts.evaluate(text, rests)
            if value is not None:
                self._hands.put(0, value)

    def _evaluate(self, name: str, own: bool) -> None:
        """Hand over what a script of the program's own, or a library, comes to."""
        if own:
            text = self.scripts.get(name)
            if text is not None:
                self._hand_over(text, (_ANSWERED,))
        elif self._library is not None:
            self._hand_over(self._library(name), (1,))

    def _listen_or_take(self, _: Any) -> None:
        words = self._words
        if self._v8 is None or self._hands is None:
            words[_REJECTION] = 0
        elif self._rejections is None:

            def note(count: int) -> None:
                words[_REJECTED] = count

            tell = partial(self._tell, self._rejected)
            self._rejections = Rejections(self._v8, self._hands, tell, note, lambda: words[_RUNNING])
            self._rejections.listen()
        else:
            words[_REJECTION], words[_REJECTION_EVENT] = self._rejections.take()

    def _rejected(self) -> None:
        """Most have got a handler by now."""
        there = self._rejections is not None and self._rejections.look()
        if there and self.on_rejections is not None:
            self.on_rejections()

    def _failed(self, problem: str) -> None:
        if self.on_problem is not None:
            self.on_problem(problem)

    def _synced(self, _: Any) -> None:
        """Answer a synchronous call; both ways in as many parts as the area needs."""
        words, memory = self._words, self._memory
        flags, length = words[_SYNC_FLAGS], words[_SYNC_LENGTH]
        if flags & _CONTINUE:
            answer = self._answer
        else:
            part = memory[_SYNC_AREA : _SYNC_AREA + length]
            if flags & _MORE:
                self._request += part
                return
            self._request += part
            request = bytes(self._request)
            self._request.clear()
            if flags & (_LIBRARY | _SCRIPT):
                self._evaluate(request.decode(), bool(flags & _SCRIPT))
                return
            # A view: what follows the first part is not copied again with each.
            answer = memoryview(self._on_sync(request))
        part_length = min(len(answer), SYNC_SIZE)
        memory[_SYNC_AREA : _SYNC_AREA + part_length] = answer[:part_length]
        self._answer = answer[part_length:]
        words[_SYNC_LENGTH] = part_length
        words[_SYNC_FLAGS] = len(self._answer)
