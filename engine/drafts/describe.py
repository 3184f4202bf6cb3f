"""Evaluating a script's global scope before it is deployed: what it exports, and whether it starts at all."""

from __future__ import annotations

import time
from typing import Any

from engine.errors import ApiError
from engine.gateway.environments import Environments
from engine.model import Version, VersionDraft
from engine.runtime.compile import CompileError, Compiler
from engine.runtime.errors import WorkerError
from engine.runtime.limits import Limits


async def describe(draft: VersionDraft, environments: Environments, compiler: Compiler) -> dict[str, Any]:
    """Compile a script, run its global scope, and say which handlers it has.

    Raises:
        ApiError: 10021, "Uncaught SyntaxError: … at worker.js:12:3".
    """
    try:
        program = await compiler.compile(
            draft.modules,
            draft.main_module,
            draft.settings.compatibility_date,
            draft.settings.compatibility_flags,
        )
    except CompileError as error:
        raise ApiError(10021, compile_message(error), 400) from None
    began = time.perf_counter()
    worker = environments.make_worker(version_of(draft), program, Limits(), exclusive=True)
    try:
        found = await worker.describe()
    except WorkerError as error:
        raise ApiError(10021, start_message(error), 400) from None
    finally:
        await worker.close()
    elapsed = round((time.perf_counter() - began) * 1000)
    compiled = program.to_json()
    text = compiled if isinstance(compiled, str) else compiled.decode()
    return {**found, "startup_time_ms": elapsed, "hash": program.hash, "program": text}


def compile_message(error: CompileError) -> str:
    """The first diagnostic as Cloudflare words it; wrangler maps the place back through source maps."""
    if not error.diagnostics:
        return f"Uncaught SyntaxError: {error}"
    first = error.diagnostics[0]
    place = f"\n  at {first.file}:{first.line}:{first.column}" if first.line is not None else ""
    prefix = "" if first.message.startswith(("SyntaxError", "Error")) else "SyntaxError: "
    more = len(error.diagnostics) - 1
    rest = f"\n  and {more} more" if more else ""
    return f"Uncaught {prefix}{first.message}{place}{rest}"


def start_message(error: WorkerError) -> str:
    """An exception of the global scope with its stack in the user's files."""
    places = "".join(
        f"\n  at {frame.file}:{frame.line}:{frame.column}"
        + (f" in {frame.function}" if frame.function else "")
        for frame in error.stack[:10]
    )
    return f"Uncaught {error}{places}"


def version_of(draft: VersionDraft) -> Version:
    """A version that is in no store: what bindings are built from before there is one."""
    return Version(
        id="00000000-0000-0000-0000-000000000000",
        number=0,
        service_id=draft.service,
        environment_id="",
        main_module=draft.main_module,
        modules=(),
        bindings=draft.bindings,
        settings=draft.settings,
        created_on="1970-01-01T00:00:00.000000Z",
        author="",
        source="api",
    )
