"""An environment's settings over the API: a part of `tui.client.Engine`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from tui.connection import Connection, Json


class SettingsCalls:
    """Mix-in of the client: bindings, secrets, triggers. Raises what the client raises."""

    _connection: Connection

    async def _result(self, method: str, path: str, payload: Any = None, **options: Any) -> Any:
        raise NotImplementedError

    async def settings(self, service: str, environment: str) -> Json:
        """Bindings, compatibility date and flags, limits, observability; secrets by name only."""
        found: Json = await self._result("GET", f"{_path(service, environment)}/settings")
        return found

    async def change_settings(
        self, service: str, environment: str, changes: Json, if_match: str | None = None
    ) -> Json:
        """Patch settings; a new version of the same code.

        Args:
            service: The service.
            environment: The environment.
            changes: What to change; bindings, when given, are all of them.
            if_match: The version the changes were made from; None puts them on whatever is live.

        Raises:
            EngineError: 10412 when another version is live now.
        """
        headers = {"if-match": f'"{if_match}"'} if if_match else {}
        path = f"{_path(service, environment)}/settings"
        made: Json = await self._result("PATCH", path, changes, headers=headers)
        return made

    async def change_script_settings(self, service: str, environment: str, changes: Json) -> Json:
        """Patch what is not versioned: observability, tags, tail consumers."""
        path = f"{_path(service, environment)}/script-settings"
        made: Json = await self._result("PATCH", path, changes)
        return made

    async def secrets(self, service: str, environment: str) -> list[Json]:
        """Secrets: `[{name, type}]`. Their text never leaves the engine."""
        found: list[Json] = await self._result("GET", f"{_path(service, environment)}/secrets")
        return found

    async def put_secret(self, service: str, environment: str, name: str, text: str) -> Json:
        """Set a secret's text."""
        payload = {"name": name, "text": text, "type": "secret_text"}
        made: Json = await self._result("PUT", f"{_path(service, environment)}/secrets", payload)
        return made

    async def delete_secret(self, service: str, environment: str, name: str) -> None:
        """Remove a secret."""
        await self._result("DELETE", f"{_path(service, environment)}/secrets/{quote(name, safe='')}")

    async def schedules(self, service: str, environment: str) -> list[Json]:
        """Cron triggers: `[{cron, next, …}]`."""
        found = await self._result("GET", f"{_path(service, environment)}/schedules")
        schedules: list[Json] = found["schedules"]
        return schedules

    async def put_schedules(self, service: str, environment: str, crons: Sequence[str]) -> None:
        """Replace all cron triggers."""
        payload = [{"cron": cron} for cron in crons]
        await self._result("PUT", f"{_path(service, environment)}/schedules", payload)

    async def run_schedule(self, service: str, environment: str, cron: str) -> Json:
        """Run a cron trigger's handler now and wait for it: `{outcome, error, duration_ms, …}`."""
        path = f"{_path(service, environment)}/schedules/run"
        made: Json = await self._result("POST", path, {"cron": cron})
        return made

    async def schedule_runs(self, service: str, environment: str) -> list[Json]:
        """The last hundred runs of cron triggers, newest first."""
        found: list[Json] = await self._result("GET", f"{_path(service, environment)}/schedules/runs")
        return found

    async def routes(self, service: str, environment: str) -> list[Json]:
        """Routes: `[{pattern, zone_name, …}]`."""
        found: list[Json] = await self._result("GET", f"{_path(service, environment)}/routes")
        return found

    async def put_routes(self, service: str, environment: str, patterns: Sequence[str]) -> None:
        """Replace all routes; each finds its zone by its hostname."""
        payload = [{"pattern": pattern} for pattern in patterns]
        await self._result("PUT", f"{_path(service, environment)}/routes", payload)

    async def domains(self, service: str, environment: str) -> list[Json]:
        """Custom domains: `[{hostname, zone_name, …}]`."""
        found: list[Json] = await self._result("GET", f"{_path(service, environment)}/domains/records")
        return found

    async def put_domains(self, service: str, environment: str, hostnames: Sequence[str]) -> None:
        """Replace all custom domains; one that belongs to another Worker is refused."""
        payload = {
            "override_scope": True,
            "override_existing_origin": False,
            "origins": [{"hostname": hostname} for hostname in hostnames],
        }
        await self._result("PUT", f"{_path(service, environment)}/domains/records", payload)


def _path(service: str, environment: str) -> str:
    return f"/workers/services/{quote(service, safe='')}/environments/{quote(environment, safe='')}"
