"""The engine, as the app sees it: one method a resource of its HTTP API, JSON in and out."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from tui.connection import Connection, EngineAway, EngineError, Json, Remote
from tui.data_calls import DataCalls
from tui.kept_calls import KeptCalls
from tui.log_calls import LogCalls
from tui.pipeline_calls import PipelineCalls
from tui.settings_calls import SettingsCalls
from tui.upload import multipart

__all__ = ["Engine", "EngineAway", "EngineError", "Json"]

#: The change feed sends a blank line every 15 s; twice that without a byte means that it is dead.
FEED_SILENCE = 40.0


class Engine(DataCalls, SettingsCalls, PipelineCalls, LogCalls, KeptCalls):
    """An engine's HTTP API.

    Every method raises `EngineError` when the engine refuses and `EngineAway` when there is none.
    Results are the `result` of Cloudflare's envelope; shapes are those of the API.

    Args:
        state: The engine's state folder (holds `engine.json` and `api-token`).
        read_only: Refuse everything that would change something, before it leaves the app.
        author: Who the history names; the OS user when not given.
        remote: Where the account is, when it is no engine of this machine; `state` then keeps texts only.
    """

    connection_class: ClassVar[type[Connection]] = Connection
    read_only_because = ""
    """Why nothing can be changed, where it is not for --read-only."""

    def __init__(
        self,
        state: Path,
        *,
        read_only: bool = False,
        author: str | None = None,
        remote: Remote | None = None,
    ) -> None:
        self.read_only = read_only
        self._connection = self.connection_class(state, author or _os_user(), remote)

    @property
    def state(self) -> Path:
        """The state folder."""
        return self._connection.state

    @property
    def address(self) -> str:
        """Where it answers, e.g. `http://127.0.0.1:8787`; empty before the first call."""
        return self._connection.address

    @property
    def account_id(self) -> str:
        """The account, 32 hex digits; empty before the first call."""
        return self._connection.account_id

    def locate(self) -> bool:
        """Read address and account from the state folder; whether an engine says that it is there."""
        return self._connection.locate()

    # ------------------------------------------------------------------ services

    async def services(self) -> list[Json]:
        """All services by name: `{id, created_on, modified_on, environments: [EnvSummary]}` each."""
        return [service async for batch, _ in self.service_pages() for service in batch]

    async def service_pages(self) -> AsyncIterator[tuple[list[Json], int]]:
        """All services by name, a page at a time, with how many there are: nobody waits for a large one."""
        found, page = 0, 1
        while True:
            body = await self._connection.call(
                "GET", "/workers/services", params={"page": page, "per_page": 100}
            )
            batch: list[Json] = [_lean(service) for service in body["result"]]
            found += len(batch)
            total = (body.get("result_info") or {}).get("total_count", found)
            yield batch, total
            if not batch or found >= total:
                return
            page += 1

    async def service(self, name: str) -> Json:
        """One service, as `services` has it; 10007 when there is none."""
        return _lean(await self._result("GET", _service(name)))

    async def create_service(self, name: str, template: str = "hello") -> Json:
        """Create a service with a production environment that runs a small worker."""
        return await self._result("POST", "/workers/services", {"id": name, "template": template})

    async def delete_service(self, service: str) -> None:
        """Delete a service with all its environments and their history."""
        await self._result("DELETE", _service(service))

    # ------------------------------------------------------------------ environments

    async def environment(self, service: str, environment: str) -> Json:
        """Everything about one environment (EnvDetail: summary, urls, bindings, settings, deployments)."""
        return await self._result("GET", _environment(service, environment))

    async def create_environment(self, service: str, environment: str) -> Json:
        """Create an environment that runs the starter script."""
        return await self._result("POST", f"{_service(service)}/environments", {"environment": environment})

    async def clone(self, service: str, source: str, target: str, data: str = "own") -> Json:
        """Copy an environment's code and settings to a new one.

        Args:
            service: The service both belong to.
            source: The environment to copy.
            target: The new environment's name.
            data: "own" for new and empty data, "copy" for what the source holds now, "share" for the same.
        """
        path = f"{_environment(service, source)}/copy/{quote(target, safe='')}"
        return await self._result("POST", path, {"data": data})

    async def rename(self, service: str, environment: str, name: str) -> Json:
        """Give an environment another name, and with it another hostname."""
        return await self._result("PATCH", _environment(service, environment), {"environment": name})

    async def delete_environment(self, service: str, environment: str) -> None:
        """Delete one environment."""
        await self._result("DELETE", _environment(service, environment))

    # ------------------------------------------------------------------ code

    async def modules(self, service: str, environment: str, version: str | None = None) -> Json:
        """Source: `{version_id, number, main_module, modules: [{name, type, size, text | base64}]}`.

        Args:
            service: The service.
            environment: The environment.
            version: A version's id; the live one when not given.
        """
        params = {"version": version} if version else None
        return await self._result("GET", f"{_environment(service, environment)}/modules", params=params)

    async def save(
        self,
        service: str,
        environment: str,
        modules: Sequence[Json],
        main: str,
        if_match: str | None,
        message: str | None = None,
    ) -> Json:
        """Deploy code, keeping the settings; a new version and deployment.

        Args:
            service: The service.
            environment: The environment.
            modules: `{name, type?, text | base64}` each, as `modules()` gives them.
            main: The main module's name.
            if_match: The version the text was made from; None overwrites whatever is live.
            message: What the history says about it.

        Returns:
            `{version, deployment}`.

        Raises:
            EngineError: 10412 when another version is live now, 10021 when the code does not compile.
        """
        content, headers = multipart(modules, main, message)
        if if_match:
            headers["if-match"] = f'"{if_match}"'
        path = f"{_environment(service, environment)}/content"
        return await self._result("PUT", path, content=content, headers=headers)

    async def check(self, service: str, environment: str, modules: Sequence[Json], main: str) -> list[Json]:
        """Compile without running: `[{file, line, column, message, severity}]`, empty when it is fine."""
        payload = {"modules": list(modules), "main_module": main}
        path = f"{_environment(service, environment)}/check"
        result = await self._result("POST", path, payload, writes=False)
        diagnostics: list[Json] = result["diagnostics"]
        return diagnostics

    async def run(self, service: str, environment: str, payload: Json) -> AsyncIterator[Json]:
        """Run a draft; yields the run's events in the order they happen, the last one is `end`.

        Closing the iterator (or cancelling the task that reads it) cancels the run.

        Args:
            service: The service.
            environment: The environment whose bindings the draft gets.
            payload: `{modules, main_module, request: {method, url, headers, body}, mode, session, limits}`.
        """
        if payload.get("mode") == "live":
            self._refuse_when_read_only()
        path = f"{_environment(service, environment)}/runs"
        async with self._connection.stream("POST", path, json=payload, silence=None) as events:
            async for event in events:
                yield event

    async def diff(self, service: str, source: str, target: str) -> Json:
        """Settings and modules that differ between two environments or versions (`source` → `target`)."""
        return await self._result("GET", f"{_service(service)}/diff", params={"from": source, "to": target})

    # ------------------------------------------------------------------ history and promotion

    async def versions(self, service: str, environment: str) -> list[Json]:
        """Versions of an environment, newest first."""
        result = await self._result("GET", f"{_environment(service, environment)}/versions")
        items: list[Json] = result["items"]
        return items

    async def deployments(self, service: str, environment: str) -> list[Json]:
        """Deployments of an environment, newest first."""
        result = await self._result("GET", f"{_environment(service, environment)}/deployments")
        deployments: list[Json] = result["deployments"]
        return deployments

    async def roll_back(
        self,
        service: str,
        environment: str,
        version_id: str,
        message: str | None = None,
        *,
        force: bool = False,
    ) -> Json:
        """Make an earlier version live again (all of the traffic).

        Args:
            service: The service.
            environment: The environment.
            version_id: The version.
            message: What the history says about it.
            force: Also when secrets have changed since (10220 otherwise).
        """
        annotations = {"workers/triggered_by": "rollback"}
        if message:
            annotations["workers/message"] = message
        payload = {
            "strategy": "percentage",
            "versions": [{"version_id": version_id, "percentage": 100}],
            "annotations": annotations,
        }
        path = f"{_environment(service, environment)}/deployments"
        return await self._result("POST", path, payload, params={"force": "true"} if force else None)

    async def plan_promotion(self, service: str, source: str, target: str, move: Iterable[str] = ()) -> Json:
        """What promoting would do, without doing it.

        Args:
            service: The service.
            source: The environment whose code moves.
            target: The environment that gets it.
            move: Keys of the rows that move too, though they would stay.
        """
        payload = {"from": source, "to": target, "move": list(move)}
        return await self._result("POST", f"{_service(service)}/promotions/plan", payload, writes=False)

    async def promote(
        self,
        service: str,
        source: str,
        target: str,
        move: Iterable[str],
        plan_id: str,
        message: str | None = None,
    ) -> Json:
        """Carry out a plan: `{version, deployment}`; 10409 when either side changed since it was made."""
        payload: Json = {"from": source, "to": target, "move": list(move), "plan": plan_id}
        if message:
            payload["message"] = message
        return await self._result("POST", f"{_service(service)}/promotions", payload)

    # ------------------------------------------------------------------ the engine itself

    async def status(self) -> Json:
        """The engine: `{version, address, state, pid, started_at, drafts, environments, subdomain, …}`."""
        return await self._result("GET", "/engine")

    async def changes(self, since: int | None = None) -> AsyncIterator[Json]:
        """What changes in the account, as it happens: `{seq, kind, service, environment, …}`.

        The first object is `{"kind": "connected"}`: what changes after it is not missed, so whoever reads
        everything then is up to date. Ends only by raising `EngineAway`; the caller connects again with
        the last `seq` it saw.

        Args:
            since: The last change already known; None begins with the next one.
        """
        params = {} if since is None else {"since": since}
        async with self._connection.stream("GET", "/changes", params=params, silence=FEED_SILENCE) as events:
            yield {"kind": "connected"}
            async for event in events:
                yield event
        raise EngineAway("it closed the change feed")

    def wrangler_settings(self) -> str:
        """What wrangler needs in its environment to deploy here, as lines for a shell."""
        return self._connection.wrangler_settings()

    async def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        await self._connection.close()

    async def _result(
        self,
        method: str,
        path: str,
        payload: Any = None,
        *,
        writes: bool | None = None,
        **options: Any,
    ) -> Json:
        """One request's `result`. `writes` says whether --read-only refuses it; by default all but GET."""
        if writes if writes is not None else method != "GET":
            self._refuse_when_read_only()
        if payload is not None:
            options["json"] = payload
        result: Json = (await self._connection.call(method, path, **options))["result"]
        return result

    def _refuse_when_read_only(self) -> None:
        if self.read_only:
            why = self.read_only_because or "svc-tui was started with --read-only"
            raise EngineError(0, f"{why}: nothing can be changed.", 403)


def _lean(service: Json) -> Json:
    """Without what Cloudflare's clients want twice: of 20,000 environments that is most of the memory."""
    service.pop("default_environment", None)
    for environment in service["environments"]:
        environment.pop("script", None)
    return service


def _service(service: str) -> str:
    return f"/workers/services/{quote(service, safe='')}"


def _environment(service: str, environment: str) -> str:
    return f"{_service(service)}/environments/{quote(environment, safe='')}"


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in some containers
        return "app"
