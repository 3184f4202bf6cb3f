"""The drafts process's half: takes questions on the socket and answers them."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from engine.drafts.describe import describe
from engine.drafts.probe import Prober
from engine.drafts.request import modules_of
from engine.drafts.run import PATIENCE, Runner
from engine.drafts.wire import LIMIT, pack_line, read_question
from engine.errors import ApiError
from engine.gateway.environments import Environments
from engine.model import Binding, Secret, Settings, VersionDraft
from engine.runtime.compile import CompileError, Compiler

log = logging.getLogger("engine.drafts")

#: Seconds until V8 must have let go of a run that was stopped.
STOPPED_PATIENCE = 2.0

Answer = Callable[[dict[str, Any], asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers the live process.

    Args:
        environments: the environments whose bindings drafts get.
        compiler: makes programs of drafts.
        give_up: ends this process, after code that V8 cannot be brought back from.
    """

    def __init__(
        self, environments: Environments, compiler: Compiler, give_up: Callable[[], Awaitable[None]]
    ) -> None:
        self._give_up = give_up
        self._sick = False
        self._working: set[asyncio.Future[None]] = set()
        self._environments = environments
        self._compiler = compiler
        self._runner = Runner(environments, compiler)
        self._prober = Prober(environments, compiler)
        self._verbs: Mapping[str, Answer] = {
            "run": self._run,
            "kept": self._kept,
            "check": self._check,
            "describe": self._describe,
            "probe": self._probe,
            "patterns": self._patterns,
        }

    async def listen(self, path: Path) -> asyncio.Server:
        """Listen on the socket, which only this user may open."""
        await asyncio.to_thread(path.unlink, missing_ok=True)
        mask = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self._serve, str(path), limit=LIMIT)
        finally:
            os.umask(mask)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: a question, its answer, the end."""
        try:
            question = await read_question(reader)
        except asyncio.IncompleteReadError:  # somebody looked whether this process answers
            writer.close()
            return
        work = asyncio.ensure_future(self._verbs[question["verb"]](question, writer))
        self._working.add(work)
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()
            try:
                await work
            except asyncio.CancelledError:
                await self._look(STOPPED_PATIENCE)
            if not gone.done():
                writer.write(b"\n")
                await writer.drain()
        except OSError as error:
            log.debug("the asking process went away: %s", error)
        except Exception:
            log.exception("%s failed", question["verb"])
            writer.write(pack_line({"error": _INTERNAL}))
        finally:
            self._working.discard(work)
            gone.cancel()
            writer.close()
        if self._sick:
            await self._give_up()

    async def _look(self, patience: float) -> None:
        """Whether V8 came back from code that was given up."""
        if not await self._environments.well(patience):
            self._sick = True

    async def finish(self, limit: float) -> None:
        """Wait for what is under way, at most `limit` seconds."""
        if self._working:
            await asyncio.wait(self._working, timeout=limit)

    async def _run(self, question: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if not await self._runner.run(question, writer):
            self._sick = True

    async def _kept(self, question: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._runner.kept(question, self._environments.objects.store)
        except ApiError as error:
            told = {"code": error.code, "message": error.message, "status": error.status}
            answer = {"error": {**told, "data": error.data}}
        writer.write(pack_line(answer))

    async def _check(self, question: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        diagnostics: list[dict[str, Any]] = []
        live = await self._environments.live(question["service"], question["environment"])
        settings = Settings() if live is None else live.settings
        date, flags = settings.compatibility_date, settings.compatibility_flags
        try:
            await self._compiler.compile(modules_of(question), question["main_module"], date, flags)
        except CompileError as error:
            diagnostics = [
                {
                    "file": each.file,
                    "line": each.line,
                    "column": each.column,
                    "message": each.message,
                    "severity": "error",
                }
                for each in error.diagnostics
            ]
        writer.write(pack_line({"diagnostics": diagnostics}))

    async def _probe(self, question: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        bindings = tuple(_binding(each) for each in question["bindings"])
        try:
            await self._prober.probe(question, bindings, writer)
        except ApiError as error:
            writer.write(pack_line({"error": error.message}))
        await self._look(PATIENCE)

    async def _patterns(self, question: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(pack_line({"errors": await self._prober.patterns(question["patterns"])}))
        await self._look(PATIENCE)

    async def _describe(self, question: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        draft = VersionDraft(
            question["service"],
            question["environment"],
            question["main_module"],
            modules_of(question),
            tuple(_binding(each) for each in question["bindings"]),
            Settings.from_json(question["settings"]),
        )
        try:
            answer = await describe(draft, self._environments, self._compiler)
        except ApiError as error:
            await self._look(PATIENCE)
            answer = {"error": {"code": error.code, "message": error.message, "status": error.status}}
        writer.write(pack_line(answer))


_INTERNAL = {"code": 10013, "message": "The drafts engine failed; its log has the details.", "status": 500}


def _binding(given: Mapping[str, Any]) -> Binding:
    settings = dict(given["settings"])
    text = settings.get("text")
    if isinstance(text, dict):
        settings["text"] = Secret(base64.b64decode(text["ciphertext"]))
    return Binding(given["name"], given["type"], settings)
