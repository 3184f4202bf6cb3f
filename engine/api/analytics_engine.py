"""The SQL API of Analytics Engine: developers.cloudflare.com/analytics/analytics-engine/sql-api."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from engine.analytics.answer import ask
from engine.analytics.errors import QueryError
from engine.analytics.parser import MAX_LENGTH
from engine.api.call import ACCOUNT, Call, resource
from engine.errors import ApiError

SQL = ACCOUNT + "/analytics_engine/sql"


async def query(call: Call) -> Response:
    """`POST analytics_engine/sql`, the query as text; `FORMAT` in it is JSON, JSONEachRow or TabSeparated."""
    try:
        return await _answer(call, (await call.body(4 * MAX_LENGTH)).decode())
    except UnicodeDecodeError:
        raise ApiError(10001, "The query is not UTF-8 text") from None


async def query_by_url(call: Call) -> Response:
    """`GET analytics_engine/sql?query=…`."""
    return await _answer(call, call.query.get("query", ""))


async def _answer(call: Call, text: str) -> Response:
    await call.engine.environments.points.flush()  # who has just written finds it
    try:
        answer = await asyncio.to_thread(ask, call.store.path, text)
    except QueryError as error:
        raise ApiError(10430, str(error), 422) from None
    return Response(answer.text, media_type=answer.content_type)


ROUTES = [resource(SQL, get=query_by_url, post=query)]
