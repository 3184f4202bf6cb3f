"""Draft runs and checks of unsaved code; the drafts process does both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from engine.api.call import ACCOUNT, Call, resource, worker_resource
from engine.api.envelope import dumps, success
from engine.drafts.request import check_code, check_run, check_variables
from engine.store import environments


async def run(call: Call) -> Response:
    """`POST …/runs`: NDJSON, one event a line as it happens; closing the connection cancels the run."""
    payload = check_run(await call.json_object())
    await _exists(call)
    events = call.engine.drafts.run(call.service, call.environment, payload)
    return StreamingResponse(_lines(events), media_type="application/x-ndjson")


async def run_alone(call: Call) -> Response:
    """`POST workers/runs`: as `run`, of code that belongs to no environment and has its `variables` only."""
    body = await call.json_object()
    payload = {**check_run(body), "variables": check_variables(body)}
    return StreamingResponse(
        _lines(call.engine.drafts.run("", "", payload)), media_type="application/x-ndjson"
    )


async def check(call: Call) -> Response:
    """`POST …/check`: compile without running; `{"diagnostics": […]}`."""
    payload = check_code(await call.json_object())
    await _exists(call)
    return success({"diagnostics": await call.engine.drafts.check(call.service, call.environment, payload)})


async def kept(call: Call) -> Response:
    """`GET …/runs/:session`: `{"count", "items"}`, the writes that a sandboxed session keeps back."""
    return await _kept(call, "list")


async def apply(call: Call) -> Response:
    """`POST …/runs/:session/apply`: do them all for real; they are kept back no more."""
    return await _kept(call, "apply")


async def drop(call: Call) -> Response:
    """`DELETE …/runs/:session`: forget them."""
    return await _kept(call, "drop")


async def _kept(call: Call, action: str) -> Response:
    await _exists(call)
    session = call.params["session"]
    return success(await call.engine.drafts.kept(call.service, call.environment, session, action))


async def _exists(call: Call) -> None:
    await call.store.read(lambda connection: environments.get(connection, call.service, call.environment))


async def _lines(events: AsyncIterator[dict[str, Any] | bytes]) -> AsyncIterator[bytes]:
    try:
        async for event in events:
            yield event if isinstance(event, bytes) else dumps(event) + b"\n"
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await asyncio.shield(close())


ROUTES = [
    *worker_resource("/runs", post=run),
    *worker_resource("/runs/{session}", get=kept, delete=drop),
    *worker_resource("/runs/{session}/apply", post=apply),
    *worker_resource("/check", post=check),
    resource(ACCOUNT + "/workers/runs", post=run_alone),
]
