"""Writes that a draft run kept back, over the API: a part of `tui.client.Engine`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from tui.connection import Json


class KeptCalls:
    """Mix-in of the client. A session is the name that a run was given; it keeps what the run wrote."""

    async def _result(self, method: str, path: str, payload: Any = None, **options: Any) -> Any:
        raise NotImplementedError

    async def kept_writes(self, service: str, environment: str, session: str) -> Json:
        """`{count, items, left}`; 10007 when the session keeps nothing (any more).

        Each item has its `id`, `binding`, `operation`, `subject`, `size`, whether later ones `superseded` it,
        the `conflict` with what is live now, the `refusal` of what can never be applied, and the `change`.
        """
        found: Json = await self._result("GET", _path(service, environment, session))
        return found

    async def apply_writes(
        self,
        service: str,
        environment: str,
        session: str,
        ids: Sequence[int] | None,
        force: Sequence[int] = (),
    ) -> Json:
        """Do some of them for real, None for all; 10409 when a live value has changed that is not forced.

        Returns:
            `{count, items, left}`: how many that were, and how many are kept back after it.
        """
        payload = {"ids": None if ids is None else list(ids), "force": list(force)}
        path = f"{_path(service, environment, session)}/apply"
        done: Json = await self._result("POST", path, payload)
        return done

    async def drop_writes(self, service: str, environment: str, session: str) -> None:
        """Forget them; nothing happens to what is live, so that --read-only allows it."""
        await self._result("DELETE", _path(service, environment, session), writes=False)


def _path(service: str, environment: str, session: str) -> str:
    place = f"/workers/services/{quote(service, safe='')}/environments/{quote(environment, safe='')}"
    return f"{place}/runs/{quote(session, safe='')}"
