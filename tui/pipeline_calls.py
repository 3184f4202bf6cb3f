"""Pipelines over the API: a part of `tui.client.Engine`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from tui.connection import Json


class PipelineCalls:
    """Mix-in of the client: pipelines of a service and their runs. Raises what the client raises."""

    async def _result(self, method: str, path: str, payload: Any = None, **options: Any) -> Any:
        raise NotImplementedError

    async def pipelines(self, service: str) -> list[Json]:
        """By name: `{name, definition, production, run}` each, the run with its events or None."""
        found: list[Json] = await self._result("GET", _path(service))
        return found

    async def start_run(self, service: str, pipeline: str, message: str | None = None) -> Json:
        """Begin a run; 10422 when one is under way."""
        path = f"{_path(service, pipeline)}/runs"
        made: Json = await self._result("POST", path, {"message": message} if message else {})
        return made

    async def approve_run(self, service: str, pipeline: str, number: int) -> Json:
        """Let a run through the approval it waits for; 10423 when it waits for none."""
        made: Json = await self._result("POST", f"{_path(service, pipeline)}/runs/{number}/approve", {})
        return made

    async def abort_run(self, service: str, pipeline: str, number: int) -> Json:
        """End a run, and take back a step that is not over; 10423 when it has ended."""
        made: Json = await self._result("POST", f"{_path(service, pipeline)}/runs/{number}/abort", {})
        return made

    async def share_traffic(
        self, service: str, environment: str, shares: Iterable[tuple[str, float]], message: str
    ) -> Json:
        """Let versions answer side by side: a deployment of `(version id, percent)`, 100 in all."""
        payload = {
            "strategy": "percentage",
            "versions": [{"version_id": version, "percentage": percent} for version, percent in shares],
            "annotations": {"workers/message": message},
        }
        path = f"/workers/services/{quote(service, safe='')}/environments/{quote(environment, safe='')}"
        made: Json = await self._result("POST", f"{path}/deployments", payload)
        return made


def _path(service: str, pipeline: str | None = None) -> str:
    path = f"/workers/services/{quote(service, safe='')}/pipelines"
    return path if pipeline is None else f"{path}/{quote(pipeline, safe='')}"
