"""The compiler: a version's modules to a Program, with errors in the user's file, line and column.

The work is done by js/tools in an isolate of its own (one a process, made when first needed), on that
isolate's thread; the event loop only waits. Results are kept by content hash, here and in the store.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import orjson

from engine.model import TEXT_TYPES, Module

from .isolate import IsolateError, Script
from .program import Program
from .services.source import read
from .source_map import maps_of

__all__ = ["Cache", "CompileError", "Compiler", "Diagnostic", "Program"]

log = logging.getLogger(__name__)

_KEPT_PROGRAMS = 128
_STARTUP_EVAL_SINCE = "2025-06-01"
_KEPT_BYTES = 64 << 20
_TOOLS_MEMORY_MB = 768  # a 10 MB script needs about 400 MB while it is parsed


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that keeps a script from compiling.

    Attributes:
        file: The module's name.
        line: From 1.
        column: From 1.
        message: One line, e.g. "SyntaxError: Unexpected token".
    """

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class CompileError(Exception):
    """The script does not compile; ``diagnostics`` says where and why, at least one."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("\n".join(str(each) for each in diagnostics))
        self.diagnostics = list(diagnostics)


class Cache(Protocol):
    """Where compiled programs outlive the process."""

    async def get(self, key: str, /) -> bytes | None:
        """The program of a hash."""
        ...

    async def put(self, key: str, content: bytes, /) -> None:
        """Keep a program under its hash."""
        ...


class Compiler:
    """Compiles scripts; belongs to one event loop.

    Args:
        cache: Where programs are looked up and kept beside this process's memory.
    """

    def __init__(self, cache: Cache | None = None) -> None:
        self._cache = cache
        self._script: asyncio.Task[Script] | None = None
        self._programs: OrderedDict[str, Program] = OrderedDict()
        self._bytes = 0
        self._running: dict[str, asyncio.Task[Program]] = {}
        self._keeping: set[asyncio.Task[None]] = set()

    async def compile(
        self, modules: Sequence[Module], main: str, date: str | None = None, flags: Sequence[str] = ()
    ) -> Program:
        """Compile a script.

        Args:
            modules: All its modules; TypeScript and JSX are told by the name's suffix.
            main: The main module's name.
            date: The compatibility date, ``2026-11-23``.
            flags: The compatibility flags; ``nodejs_compat`` offers Node's modules.

        Raises:
            CompileError: It has an error, an import that is nowhere, or a name that a module does not export.
        """
        # Only Node's modules depend on them: other programs are shared by all dates.
        node = [flag for flag in flags if "nodejs_" in flag]
        startup_eval = _allows_eval(date or "", flags)
        options = (
            _Options(date or "", tuple(node), startup_eval) if node else _Options(startup_eval=startup_eval)
        )
        key = _digest(modules, main, options)
        program = self._programs.get(key)
        if program is not None:
            self._programs.move_to_end(key)
            return program
        task = self._running.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._compile(key, list(modules), main, options))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        # Several may wait for the same program: one that is cancelled must not take it from the others.
        return await asyncio.shield(task)

    async def start(self) -> None:
        """Make the tools isolate now, so that the first compilation need not wait for it (20 ms)."""
        await self._tools()

    async def close(self) -> None:
        """Finish what is being kept and free the tools isolate."""
        if self._keeping:
            await asyncio.wait(self._keeping)
        await self._free()

    async def _free(self) -> None:
        task, self._script = self._script, None
        if task is not None:
            script = await task
            await asyncio.to_thread(script.close)

    async def _compile(self, key: str, modules: list[Module], main: str, options: _Options) -> Program:
        content = None if self._cache is None else await self._cache.get(key)
        if content is None:
            content = await self._transform(modules, main, options)
            if self._cache is not None:
                # The program is good whether or not it could be kept: nobody waits for the disk.
                task = asyncio.get_running_loop().create_task(_put(self._cache, key, content))
                self._keeping.add(task)
                task.add_done_callback(self._keeping.discard)
        program = Program.from_json(key, content)
        self._keep(program)
        return program

    async def _transform(self, modules: list[Module], main: str, options: _Options) -> bytes:
        question = await asyncio.to_thread(_question, modules, main, options)
        try:
            answer = await (await self._tools()).evaluate(question)
        except IsolateError as error:
            await self._free()
            if error.kind == "memory":
                problem = Diagnostic(
                    main, 1, 1, f"The script needs more than {_TOOLS_MEMORY_MB} MB to compile."
                )
                raise CompileError([problem]) from None
            raise
        result = orjson.loads(answer)
        if "diagnostics" in result:
            raise CompileError([Diagnostic(**each) for each in result["diagnostics"]])
        maps = maps_of(modules)
        more = {"maps": maps} if maps else {}
        return orjson.dumps({**result["program"], "startupEval": options.startup_eval, **more})

    async def _tools(self) -> Script:
        if self._script is None:
            loading = Script.load(read("tools"), _TOOLS_MEMORY_MB)
            self._script = asyncio.get_running_loop().create_task(loading)
        return await asyncio.shield(self._script)

    def _keep(self, program: Program) -> None:
        self._programs[program.hash] = program
        self._bytes += len(program.to_json())
        while len(self._programs) > _KEPT_PROGRAMS or (self._bytes > _KEPT_BYTES and len(self._programs) > 1):
            _, dropped = self._programs.popitem(last=False)
            self._bytes -= len(dropped.to_json())


async def _put(cache: Cache, key: str, content: bytes) -> None:
    try:
        await cache.put(key, content)
    except Exception:
        log.exception("a compiled program could not be kept")


@dataclass(frozen=True, slots=True)
class _Options:
    """What else the result depends on."""

    date: str = ""
    flags: tuple[str, ...] = ()
    startup_eval: bool = False


def _allows_eval(date: str, flags: Sequence[str]) -> bool:
    """Whether the global scope may make code from strings; without a date it is as of today.

    Source: developers.cloudflare.com/workers/configuration/compatibility-flags, allow_eval_during_startup.
    """
    if "disallow_eval_during_startup" in flags:
        return False
    return "allow_eval_during_startup" in flags or not date or date >= _STARTUP_EVAL_SINCE


def _digest(modules: Sequence[Module], main: str, options: _Options) -> str:
    digest = hashlib.sha256(_compiler_stamp())
    parts = [part for each in modules for part in (each.name, each.type, each.content)]
    for part in (str(options.startup_eval), options.date, ",".join(options.flags), main, *parts):
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


@cache
def _compiler_stamp() -> bytes:
    """What this compiler is: programs that another one made are not used."""
    return hashlib.sha256(read("tools").encode()).digest()


def _question(modules: Sequence[Module], main: str, options: _Options) -> str:
    sources = []
    for each in modules:
        if each.type == "sourcemap":
            continue
        source = {"name": each.name, "type": each.type}
        if each.type in TEXT_TYPES:
            source["text"] = each.content.decode("utf-8-sig", "replace")
        else:
            source["base64"] = base64.b64encode(each.content).decode()
        sources.append(source)
    text = orjson.dumps(
        {"modules": sources, "main": main, "date": options.date, "flags": options.flags}
    ).decode()
    # JSON text as a JavaScript string literal: V8 parses JSON much faster than an object literal.
    return f"tools.compile({orjson.dumps(text).decode()})"
