"""Asking a version that is not deployed yet: the gates of pipelines, with bindings that keep writes back.

All requests of one question share an overlay, so that a later one sees what an earlier one "wrote". Regular
expressions are tried here as well: in an isolate, whose limits end one that would never come to an end.
"""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from engine.bindings.overlay import Overlay
from engine.drafts.describe import compile_message, version_of
from engine.drafts.request import modules_of
from engine.drafts.wire import pack_line
from engine.errors import ApiError
from engine.gateway.entry import limits_of
from engine.gateway.environments import Environments
from engine.model import Binding, Module, Settings, VersionDraft
from engine.runtime.compile import CompileError, Compiler
from engine.runtime.errors import WorkerError
from engine.runtime.http import Request, Response
from engine.runtime.invocation import Invocation
from engine.runtime.limits import Limits
from engine.runtime.worker import Worker

#: Bytes of a body that assertions look at.
BODY: Final = 1 << 20
#: Seconds until an answer must be complete.
WALL: Final = 60.0
#: CPU milliseconds for all expressions of one question.
CPU_MS: Final = 5_000
_JUDGE: Final = """export default {
  async fetch(request) {
    const { patterns, text } = await request.json();
    return Response.json(patterns.map((each) => {
      try {
        return { matches: new RegExp(each, "m").test(text) };
      } catch (error) {
        return { error: error.message };
      }
    }));
  },
};
"""


class Prober:
    """Answers the questions of `engine.drafts.client.Drafts.probe` and `.patterns`.

    Args:
        environments: whose bindings the code gets.
        compiler: makes its program.
    """

    def __init__(self, environments: Environments, compiler: Compiler) -> None:
        self._environments = environments
        self._compiler = compiler

    async def probe(
        self, question: Mapping[str, Any], bindings: tuple[Binding, ...], writer: asyncio.StreamWriter
    ) -> None:
        """Answer each request of the question with a line, in order."""
        service, environment = question["service"], question["environment"]
        settings = Settings.from_json(question["settings"])
        code = modules_of(question)
        draft = VersionDraft(service, environment, question["main_module"], code, bindings, settings)
        version = replace(version_of(draft), id=str(uuid.uuid4()))  # what is kept by version stays apart
        overlay = Overlay()
        try:
            program = await self._compiler.compile(
                code, draft.main_module, settings.compatibility_date, settings.compatibility_flags
            )
            site = await self._environments.site(version)
            worker = self._environments.make_worker(
                version, program, limits_of(version, Limits()), exclusive=True
            )
            await self._environments.objects.use_draft(overlay, service, environment, (version, program))
            try:
                await worker.start()  # what a gate times is an answer, not a start
                for given in question["requests"]:
                    request = _request(given)
                    invocation = Invocation(service, environment, "sandbox", overlay)
                    before = await site.before_worker(request) if site is not None else None
                    answer = await self._ask(worker, request, invocation, before)
                    answer["matches"] = await self._judged(given["patterns"], answer["body"])
                    writer.write(pack_line(answer))
                    await writer.drain()
            finally:
                await worker.close()
        except CompileError as error:
            writer.write(pack_line({"error": compile_message(error)}))
        except WorkerError as error:
            writer.write(pack_line({"error": f"it does not start: {error}"}))
        finally:
            overlay.drop()

    async def patterns(self, patterns: Sequence[str]) -> list[str | None]:
        """For each expression what is wrong with it, or None."""
        return [each.get("error") for each in await self._judge(patterns, "")]

    async def _ask(
        self, worker: Worker, request: Request, invocation: Invocation, before: Response | None
    ) -> dict[str, Any]:
        """`{status, headers, body, size, time, error}`; time is milliseconds until the body was complete."""
        answer: dict[str, Any] = {"status": None, "headers": [], "body": "", "size": 0, "error": None}
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(WALL):
                response = before or await worker.fetch(request, invocation)
                answer["status"], answer["headers"] = (
                    response.status,
                    [list(each) for each in response.headers],
                )
                body, answer["size"] = await _read(response.body)
                answer["body"] = body.decode("utf-8", "replace")
        except WorkerError as error:
            answer["error"] = str(error)
        except ApiError as error:
            answer["error"] = error.message
        except TimeoutError:
            invocation.cancel("It took too long.")
            answer["error"] = f"no answer within {WALL:.0f} s"
        answer["time"] = round((clock() - began) * 1000, 3)
        if before is None and answer["status"] is not None:
            await invocation.closed()
            if invocation.outcome != "ok" and answer["error"] is None:
                answer["error"] = f"work given to waitUntil failed ({invocation.outcome})"
        return answer

    async def _judged(self, patterns: Sequence[str], text: str) -> list[bool]:
        if not patterns:
            return []
        return [bool(each.get("matches")) for each in await self._judge(patterns, text)]

    async def _judge(self, patterns: Sequence[str], text: str) -> list[dict[str, Any]]:
        module = Module("judge.js", "esm", _JUDGE.encode())
        draft = VersionDraft("", "", module.name, (module,), (), Settings())
        program = await self._compiler.compile(draft.modules, draft.main_module, "2026-01-01", ())
        worker = self._environments.make_worker(
            version_of(draft), program, Limits(cpu_ms=CPU_MS), exclusive=True
        )
        body = json.dumps({"patterns": list(patterns), "text": text}).encode("utf-8", "replace")
        try:
            response = await worker.fetch(
                Request("POST", "http://judge.localhost/", [], body), Invocation("", "", "sandbox", Overlay())
            )
            found: list[dict[str, Any]] = json.loads((await _read(response.body))[0])
            return found
        except WorkerError as error:  # it ran into its limit, as an expression that backtracks for ever does
            return [{"matches": False, "error": f"it takes too long ({error})"}] * len(patterns)
        finally:
            await worker.close()


def _request(given: Mapping[str, Any]) -> Request:
    body = given["body"]
    headers = [(name, value) for name, value in given["headers"]]
    return Request(given["method"], given["url"], headers, None if body is None else base64.b64decode(body))


async def _read(body: bytes | AsyncIterator[bytes] | None) -> tuple[bytes, int]:
    """The first bytes of a body, and how many there are of it."""
    if body is None or isinstance(body, bytes):
        return (body or b"")[:BODY], len(body or b"")
    kept, size = bytearray(), 0
    try:
        async for chunk in body:
            kept += chunk[: BODY - len(kept)]
            size += len(chunk)
    finally:
        close = getattr(body, "aclose", None)
        if close is not None:
            await close()
    return bytes(kept), size
