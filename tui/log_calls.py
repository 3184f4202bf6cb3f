"""Logs and numbers over the API: a part of `tui.client.Engine`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import quote

from tui.connection import Connection, EngineAway, Json

#: The stream sends a blank line every 15 s; longer than twice that without a byte means that it is dead.
SILENCE = 40.0


class LogCalls:
    """Mix-in of the client: what deployed workers said, and what was counted of them."""

    _connection: Connection

    async def _result(self, method: str, path: str, payload: Any = None, **options: Any) -> Any:
        raise NotImplementedError

    async def logs(
        self,
        service: str,
        environment: str | None,
        *,
        filters: Sequence[Json] = (),
        limit: int = 100,
        since: int = 0,
        before: int | None = None,
    ) -> tuple[list[Json], int | None]:
        """The newest records that are kept, oldest first.

        Args:
            service: The service.
            environment: One of its environments; None for all of them.
            filters: As `POST …/tails` takes them; a record passes every one.
            limit: How many at most.
            since: Only those with a number above it.
            before: Only those with a number below it.

        Returns:
            The records, and what to give as `before` for those before them; None at the beginning.
        """
        params: dict[str, str | int] = {"limit": limit}
        if filters:
            params["filters"] = json.dumps(filters)
        if since:
            params["since"] = since
        if before is not None:
            params["before"] = before
        body = await self._connection.call("GET", _logs(service, environment), params=params)
        return body["result"], (body.get("result_info") or {}).get("before")

    async def log_stream(self, service: str, environment: str | None) -> AsyncIterator[Json]:
        """New records as they come; a first, empty object says that none is missed from here on.

        An object `{"left_out": N}` stands for records that came faster than they were read. Ends only by
        raising `EngineAway`.
        """
        path = f"{_logs(service, environment)}/stream"
        params = {"gaps": "true"}
        async with self._connection.stream("GET", path, params=params, silence=SILENCE) as events:
            yield {}
            async for event in events:
                yield event
        raise EngineAway("it closed the log")

    async def metrics(self, service: str | None = None, *, recent: bool = False) -> list[Json]:
        """Numbers of every environment that was asked: `{service, environment, requests, …, rates}` each.

        Args:
            service: Only this service's, with the latency of each step; None for the account's.
            recent: Only of those that were asked in the last minutes.
        """
        params = {"service": service} if service else {}
        if recent:
            params["recent"] = "true"
        found: list[Json] = await self._result("GET", "/metrics", params=params)
        return found


def _logs(service: str, environment: str | None) -> str:
    path = f"/workers/services/{quote(service, safe='')}"
    return (
        f"{path}/logs" if environment is None else f"{path}/environments/{quote(environment, safe='')}/logs"
    )
