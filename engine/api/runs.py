"""Draft runs and checks of unsaved code; the drafts process does both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from engine.api.call import ACCOUNT, Call, resource, worker_resource
from engine.api.envelope import dumps, loads_object, success
from engine.drafts.request import check_choice, check_code, check_run, check_variables
from engine.errors import ApiError
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
    """`GET …/runs/:session`: `{"count", "items", "left"}`, the writes that a sandboxed session keeps back.

    Each with its `id`, whether later ones have `superseded` it, the `conflict` with what is live now, the
    `refusal` of what can never be applied, and the `change` it makes (`Overlay.listing`).
    """
    return success(await _kept(call, "list"))


async def apply(call: Call) -> Response:
    """`POST …/runs/:session/apply` `{"ids"?, "force"?}`: do them for real; they are kept back no more.

    Without `ids` all of them. One whose live value has changed since the draft is refused, and with it all:
    409 and code 10409, each such write in the error's `error_chain`. `force` does it all the same: true, or
    the ids that may overwrite.
    """
    body = await call.body()
    ids, force = check_choice(loads_object(body) if body.strip() else {})
    try:
        return success(await _kept(call, "apply", ids, force))
    except ApiError as error:
        if error.data is None:
            raise
        chain = [
            {
                "code": error.code,
                "message": f"{each['binding']}.{each['operation']}: {each['conflict']}",
                **each,
            }
            for each in error.data["conflicts"]
        ]
        told = {"code": error.code, "message": error.message, "error_chain": chain}
        answer = {"success": False, "errors": [told], "messages": [], "result": None}
        return Response(dumps(answer), error.status, media_type="application/json")


async def drop(call: Call) -> Response:
    """`DELETE …/runs/:session`: forget them."""
    return success(await _kept(call, "drop"))


async def _kept(
    call: Call, action: str, ids: list[int] | None = None, force: bool | list[int] = False
) -> dict[str, Any]:
    await _exists(call)
    session = call.params["session"]
    return await call.engine.drafts.kept(call.service, call.environment, session, action, ids, force)


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
