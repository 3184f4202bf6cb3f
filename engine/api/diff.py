"""What differs between two environments or versions: `GET services/:s/diff?from=&to=`."""

from __future__ import annotations

from starlette.responses import Response

from engine import diff as verbs
from engine.api.call import SERVICE, Call, resource
from engine.api.envelope import success
from engine.errors import ApiError
from engine.tokens.token import READ


async def show(call: Call) -> Response:
    """Settings by row and modules line by line."""
    source, target = call.query.get("from"), call.query.get("to")
    if not source or not target:
        raise ApiError(10001, "Name two environments or version ids: ?from=…&to=…", 400)
    for side in (source, target):  # a version by its id is for who may read every environment
        call.require(READ, call.service, side)
    return success((await verbs.diff(call.store, call.service, source, target)).to_json())


ROUTES = [resource(SERVICE + "/diff", get=show)]
