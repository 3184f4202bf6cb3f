"""The live process's half: asks the drafts process, and turns its death into an answer."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from engine.drafts.wire import LIMIT, pack
from engine.errors import ApiError
from engine.model import Binding, Module, Secret, VersionDraft

#: Seconds that a question waits for the drafts process to be (re)started.
PATIENCE = 10.0
RESTARTED = "V8 ran out of memory; the drafts engine was restarted"
_WHY = (
    "The code asked for more memory than V8 can give, which ends the whole process. Drafts run in a "
    "process of their own, so nothing that is deployed was touched."
)


class DraftsAway(ApiError):
    """The drafts process does not answer."""

    def __init__(self) -> None:
        super().__init__(
            10013, "The drafts engine is not answering; it is being restarted. Try again in a moment.", 503
        )


class DraftsDied(Exception):
    """The drafts process ended while it worked on a question."""


class Drafts:
    """The drafts process, by its socket.

    Args:
        path: the socket.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    async def answers(self) -> bool:
        """Whether it takes questions now."""
        try:
            _, writer = await asyncio.open_unix_connection(self._path)
        except OSError:
            return False
        writer.close()
        return True

    async def run(
        self, service: str, environment: str, payload: Mapping[str, Any]
    ) -> AsyncIterator[dict[str, Any] | bytes]:
        """Run a draft: events as lines of JSON, passed on as they come.

        When the process dies, what is missing is added: an exception and the end.
        """
        began = time.monotonic()
        question = {"verb": "run", "service": service, "environment": environment, **payload}
        last = b""
        ended = False
        try:
            async for line in self._ask(question):
                last = line
                yield line
            ended = last.startswith(b'{"type":"end"')
        except DraftsAway as error:
            yield _exception("Error", error.message, None)
        except DraftsDied:
            yield _exception("Error", RESTARTED, _WHY)
        if not ended:
            wall = (time.monotonic() - began) * 1000
            outcome = "exceededMemory"
            yield {"type": "end", "outcome": outcome, "wall": wall, "engine_restarted": True}

    async def check(self, service: str, environment: str, payload: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Compile without running: diagnostics `{file, line, column, message, severity}`."""
        question = {"verb": "check", "service": service, "environment": environment, **payload}
        answer = await self._one(question)
        diagnostics: list[dict[str, Any]] = answer["diagnostics"]
        return diagnostics

    async def kept(
        self,
        service: str,
        environment: str,
        session: str,
        action: str,
        ids: Sequence[int] | None = None,
        force: bool | Sequence[int] = False,
    ) -> dict[str, Any]:
        """What a draft session keeps back: `{count, items, left}`.

        Args:
            service: whose session.
            environment: whose session.
            session: its name.
            action: "list", "apply" (do it for real) or "drop".
            ids: which writes are applied; None is all.
            force: which of them may overwrite what has changed meanwhile; True is all.

        Raises:
            ApiError: 10007, there is no such session; 10026, it cannot be applied; 10409, live values have
                changed, and `data` has the `conflicts`; 10013, the drafts engine ended meanwhile.
        """
        question = {"verb": "kept", "service": service, "environment": environment, "session": session}
        try:
            # Not asked twice: what was applied in part must not be applied again.
            answer = await self._first({**question, "action": action, "ids": ids, "force": force})
        except DraftsDied:
            raise ApiError(10013, RESTARTED, 503) from None
        if "error" in answer:
            error = answer["error"]
            raise ApiError(error["code"], error["message"], error["status"], error.get("data"))
        return answer

    async def describe(self, draft: VersionDraft) -> dict[str, Any]:
        """Compile a script and run its global scope.

        Returns:
            `{"handlers", "named_handlers", "startup_time_ms", "hash", "program"}`, the last two of what was
            compiled.

        Raises:
            ApiError: 10021, it does not compile or start.
        """
        question = {
            "verb": "describe",
            "service": draft.service,
            "environment": draft.environment,
            "main_module": draft.main_module,
            "modules": [_module(each) for each in draft.modules],
            "bindings": [_binding(each) for each in draft.bindings],
            "settings": draft.settings.to_json(),
        }
        try:
            return await self._one(question)
        except DraftsDied:
            raise ApiError(
                10021, "Script startup exceeded memory limits: V8 ran out of memory in its global scope.", 400
            ) from None

    async def probe(
        self, draft: VersionDraft, requests: Sequence[Mapping[str, Any]]
    ) -> AsyncIterator[dict[str, Any]]:
        """Ask a version that is not deployed, sandboxed, one request after the other.

        Args:
            draft: its code, bindings and settings, and the environment it is meant for.
            requests: `{method, url, headers: [[name, value]], body: base64 or None, patterns}` each, the last
                regular expressions that are tried on the answer's body.

        Yields:
            `{status, headers, body, size, time, error, matches}` for each request as it is answered (the body
            as text, at most 1 MiB; time in milliseconds), or `{error}` alone when the code does not start.

        Raises:
            DraftsAway, DraftsDied: nobody answers, or the process ended meanwhile.
        """
        question = {
            "verb": "probe",
            "service": draft.service,
            "environment": draft.environment,
            "main_module": draft.main_module,
            "modules": [_module(each) for each in draft.modules],
            "bindings": [_binding(each) for each in draft.bindings],
            "settings": draft.settings.to_json(),
            "requests": list(requests),
        }
        async for line in self._ask(question):
            yield orjson.loads(line)

    async def patterns(self, patterns: Sequence[str]) -> list[str | None]:
        """What is wrong with each of these regular expressions of JavaScript, or None."""
        if not patterns:
            return []
        answer = await self._one({"verb": "patterns", "patterns": list(patterns)})
        errors: list[str | None] = answer["errors"]
        return errors

    async def _one(self, question: dict[str, Any]) -> dict[str, Any]:
        """The one object of an answer; asked again when the process died, perhaps of another question."""
        try:
            answer = await self._first(question)
        except DraftsDied:
            answer = await self._first(question)
        if "error" in answer:
            error = answer["error"]
            raise ApiError(error["code"], error["message"], error["status"])
        return answer

    async def _first(self, question: dict[str, Any]) -> dict[str, Any]:
        async for line in self._ask(question):
            answer: dict[str, Any] = orjson.loads(line)
            return answer
        raise DraftsDied

    async def _ask(self, question: dict[str, Any]) -> AsyncIterator[bytes]:
        reader, writer = await self._connect()
        try:
            writer.write(pack(question))
            await writer.drain()
            while line := await reader.readline():
                if not line.endswith(b"\n"):
                    raise DraftsDied
                if line == b"\n":  # the last line: the answer is complete
                    return
                yield line
            raise DraftsDied
        except OSError:
            raise DraftsDied from None
        finally:
            writer.close()
            with contextlib.suppress(OSError):  # it was reset: closed as well
                await writer.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return await asyncio.open_unix_connection(self._path, limit=LIMIT)
            except OSError:
                if time.monotonic() > deadline:
                    raise DraftsAway from None
                await asyncio.sleep(0.02)


def _exception(name: str, message: str, why: str | None) -> dict[str, Any]:
    return {
        "type": "exception",
        "code": 1102,
        "name": name,
        "message": message,
        "why": why,
        "file": None,
        "line": None,
        "column": None,
        "stack": [],
        "phase": "run",
    }


def _module(module: Module) -> dict[str, Any]:
    encoded = base64.b64encode(module.content).decode("ascii")
    return {"name": module.name, "type": module.type, "text": None, "base64": encoded}


def _binding(binding: Binding) -> dict[str, Any]:
    """A binding on its way to the other process; a secret travels encrypted, as it is stored."""
    settings = dict(binding.settings)
    text = settings.get("text")
    if isinstance(text, Secret):
        settings["text"] = {"ciphertext": base64.b64encode(text.ciphertext).decode("ascii")}
    return {"name": binding.name, "type": binding.type, "settings": settings}
