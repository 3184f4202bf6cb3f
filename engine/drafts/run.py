"""One draft run: unsaved code in a fresh isolate with an environment's live bindings, told event by event.

The events are those of `POST …/environments/:e/runs`. Writes of a sandboxed run land in an overlay, which
later runs of the same session see and nothing else does.
"""

from __future__ import annotations

import asyncio
import base64
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from engine.bindings.overlay import Overlay
from engine.d1 import SqlError
from engine.drafts import events
from engine.drafts.describe import version_of
from engine.drafts.request import modules_of, request_of
from engine.drafts.wire import pack_line
from engine.errors import ApiError
from engine.gateway.environments import Environments
from engine.model import Binding, Settings, Version, VersionDraft
from engine.runtime.compile import CompileError, Compiler
from engine.runtime.errors import StartupError, WorkerError
from engine.runtime.http import Response
from engine.runtime.invocation import Call, ConsoleLine, Invocation
from engine.runtime.limits import Limits
from engine.runtime.worker import Worker
from engine.store import Store

#: CPU milliseconds of a run that asks for no limit of its own: a mistake should show soon.
CPU_MS = 5_000
#: Sessions whose kept-back writes are remembered; the longest unused go first.
SESSIONS = 32
#: Seconds until V8 must answer after a run that exceeded a limit.
PATIENCE = 0.5
#: Bytes of a body in one event.
CHUNK = 48 * 1024


class Runner:
    """Runs drafts, and keeps the overlays of their sessions.

    Args:
        environments: whose bindings drafts get.
        compiler: makes programs of drafts.
    """

    def __init__(self, environments: Environments, compiler: Compiler) -> None:
        self._environments = environments
        self._compiler = compiler
        self._sessions: OrderedDict[str, Overlay] = OrderedDict()

    async def run(self, question: Mapping[str, Any], writer: asyncio.StreamWriter) -> bool:
        """Run one draft and write its events; being cancelled stops it.

        Returns:
            Whether V8 is well afterwards: if not, this process is to be started anew.
        """
        overlay = self._overlay(question) if question["mode"] == "sandbox" else None
        try:
            return await Run(question, writer, overlay, self._environments, self._compiler).run()
        finally:
            if overlay is not None and question["session"] is None:
                overlay.drop()

    async def kept(self, question: Mapping[str, Any], store: Store) -> dict[str, Any]:
        """What a session keeps back, listed, applied or dropped.

        Args:
            question: `{service, environment, session, action, ids, force}`, the action "list", "apply" or
                "drop", the last two as `Overlay.apply` has them.
            store: where it is applied, in one transaction for what is in the database.

        Returns:
            `{count, items, left}`: how many writes that were, those of them that are listed, and how many
            are kept back after it.

        Raises:
            ApiError: 10007, there is no such session; 10026, a write cannot be applied; 10409, live values
                have changed since the draft.
        """
        overlay = self._sessions.get(_key(question))
        if overlay is None:
            name = question["session"]
            raise ApiError(10007, f"No draft session {name} keeps anything back here; it may be gone.", 404)
        count, items = overlay.count, await overlay.listing(store)
        if question["action"] == "apply":
            ids, force = question["ids"], question["force"]
            try:
                count = await overlay.apply(store, ids, force)
            except SqlError as error:
                raise ApiError(10026, f"Nothing was applied to D1: {error}", 409) from None
            stay = {each.id for each in overlay.since()}
            items = [each for each in items if each["id"] not in stay]
        elif question["action"] == "drop":
            overlay.drop()
        return {"count": count, "items": items, "left": overlay.count}

    def _overlay(self, question: Mapping[str, Any]) -> Overlay:
        session = question["session"]
        if session is None:
            return Overlay()
        key = _key(question)
        overlay = self._sessions.get(key)
        if overlay is None:
            overlay = self._sessions[key] = Overlay()
        self._sessions.move_to_end(key)
        while len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)[1].drop()
        return overlay


class Run:
    """One run, from its question to its `end` event."""

    def __init__(
        self,
        question: Mapping[str, Any],
        writer: asyncio.StreamWriter,
        overlay: Overlay | None,
        environments: Environments,
        compiler: Compiler,
    ) -> None:
        self._question = question
        self._writer = writer
        self._overlay = overlay
        self._environments = environments
        self._compiler = compiler
        self._service: str = question["service"]
        self._environment: str = question["environment"]
        self._began = time.monotonic()
        self._told: list[WorkerError] = []
        self._untold: list[WorkerError] = []

    async def run(self) -> bool:
        """Everything, in order: compile, start, answer, wait for waitUntil, list the writes, end.

        Returns:
            Whether V8 is well afterwards.
        """
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._emit({"type": "started", "run": uuid.uuid4().hex, "mode": self._question["mode"], "at": now})
        mark = self._overlay.last if self._overlay is not None else 0
        try:
            outcome = await self._answer()
        except CompileError as error:
            self._emit(events.compile_exception(error))
            outcome = "scriptError"
        except ApiError as error:  # the environment, or what a binding needs, went away
            self._emit(events.plain_exception(error.message))
            outcome = "exception"
        if self._overlay is not None:
            items = [each.to_json() for each in self._overlay.since(mark)]
            count, session = self._overlay.last - mark, self._overlay.count
            self._emit({"type": "writes", "count": count, "items": items, "session": session})
        wall = (time.monotonic() - self._began) * 1000
        well = outcome not in {"exceededCpu", "exceededMemory"} or await self._environments.well(PATIENCE)
        self._emit({"type": "end", "outcome": outcome, "wall": wall, "engine_restarted": not well})
        await self._writer.drain()
        return well

    async def _answer(self) -> str:
        version = await self._version()
        program = await self._compiler.compile(
            modules_of(self._question),
            self._question["main_module"],
            version.settings.compatibility_date,
            version.settings.compatibility_flags,
        )
        limits = Limits(cpu_ms=self._question["cpu_ms"] or CPU_MS)
        worker = self._environments.make_worker(version, program, limits, exclusive=True)
        invocation = self._invocation()
        if self._overlay is not None:
            await self._environments.objects.use_draft(
                self._overlay, self._service, self._environment, (version, program)
            )
        try:
            return await self._fetch(worker, invocation)
        except asyncio.CancelledError:
            invocation.cancel("The run was stopped.")
            raise
        finally:
            await worker.close()

    async def _fetch(self, worker: Worker, invocation: Invocation) -> str:
        try:
            response = await worker.fetch(request_of(self._question), invocation)
            await self._respond(response, invocation)
        except WorkerError as error:
            self._tell(error)
            if isinstance(error, StartupError):
                return "scriptError"
            if invocation.outcome == "ok":
                return error.outcome
        await invocation.closed()
        if invocation.outcome != "ok" and not self._told and self._untold:
            self._tell(self._untold[-1])  # it failed after its answer, in what waitUntil was given
        return invocation.outcome

    async def _respond(self, response: Response, invocation: Invocation) -> None:
        head = {
            "type": "response",
            "status": response.status,
            "status_text": response.status_text or _phrase(response.status),
            "headers": [list(pair) for pair in response.headers],
            "time": invocation.elapsed_ms(),
        }
        self._emit(head)
        size = 0
        body = response.body
        try:
            async for chunk in _chunks(body):
                size += len(chunk)
                self._emit({"type": "body", "base64": base64.b64encode(chunk).decode("ascii")})
                await self._writer.drain()
        finally:
            close = getattr(body, "aclose", None)
            if close is not None:
                await close()
        self._emit({"type": "body_end", "size": size, "time": invocation.elapsed_ms()})

    async def _version(self) -> Version:
        """What the draft's bindings and settings come from: the live version, or nothing yet."""
        if not self._service:  # it belongs to no environment, and brings what it needs
            given = self._question["variables"].items()
            variables = tuple(_variable(name, value) for name, value in given)
            return version_of(VersionDraft("", "", "", (), variables, Settings()))
        found = await self._environments.live(self._service, self._environment)
        if found is not None:
            return found
        return version_of(VersionDraft(self._service, self._environment, "", (), (), Settings()))

    def _invocation(self) -> Invocation:
        traced: dict[str, Any] = {}
        if self._question["trace"]:
            traced = {"on_call_start": self._on_call_start, "on_call": self._on_call}
        invocation = Invocation(
            self._service,
            self._environment,
            self._question["mode"],
            self._overlay,
            on_console=self._on_console,
            on_exception=self._on_exception,
            **traced,
        )
        invocation.tree.network = self._question["network"]
        return invocation

    # ------------------------------------------------------------------ events

    def _emit(self, event: dict[str, Any]) -> None:
        self._writer.write(pack_line(event))

    def _tell(self, error: WorkerError) -> None:
        if error not in self._told:
            self._told.append(error)
            self._emit(events.exception(error))

    def _on_exception(self, error: WorkerError) -> None:
        """Also told of what failed in other services; their callers say so themselves."""
        if error.phase == "waituntil":
            self._tell(error)
        else:
            self._untold.append(error)

    def _on_console(self, line: ConsoleLine) -> None:
        self._emit(events.console(line))

    def _on_call_start(self, call: Call) -> None:
        self._emit(events.call_start(call))

    def _on_call(self, call: Call) -> None:
        self._emit(events.call(call))


def _key(question: Mapping[str, Any]) -> str:
    return f"{question['service']}\0{question['environment']}\0{question['session']}"


def _variable(name: str, value: Any) -> Binding:
    if isinstance(value, str):
        return Binding(name, "plain_text", {"text": value})
    return Binding(name, "json", {"json": value})


async def _chunks(body: bytes | AsyncIterator[bytes] | None) -> AsyncIterator[bytes]:
    if body is None:
        return
    if isinstance(body, bytes):
        for start in range(0, len(body), CHUNK):
            yield body[start : start + CHUNK]
        return
    async for chunk in body:
        for start in range(0, len(chunk), CHUNK):
            yield chunk[start : start + CHUNK]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
