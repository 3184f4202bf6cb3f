"""The wire to the engine: where it is, one request, one stream, and what went wrong.

Address and token are read from the state folder when a call needs a connection, so an engine that was
restarted on another port is found again without anybody being told. `httpx` is imported by the first
call, in a thread: the first frame does not wait for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    import ssl

    import httpx

Json = dict[str, Any]

#: Codes of answers that mean "somebody else was faster": ask again, never just repeat.
CONFLICTS = frozenset({10409, 10412})


class EngineError(Exception):
    """The engine answered, and refused.

    Attributes:
        code: Cloudflare's number, e.g. 10007 unknown service, 10412 changed since it was read.
        message: One sentence that names the thing and what to do.
        status: The HTTP status.
    """

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    @property
    def is_conflict(self) -> bool:
        """Whether the thing changed after it was read (save: 10412, promotion: 10409)."""
        return self.code in CONFLICTS


class EngineAway(Exception):
    """There is no engine to ask: not started, stopped, or not answering.

    Attributes:
        reason: Why, as the end of the sentence "The engine is away: …".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Content:
    """An answer that is bytes."""

    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True)
class Remote:
    """An account that is not found through a state folder."""

    address: str
    """What stands before `/client/v4`."""
    account_id: str
    token: Callable[[], str]
    """Reads its token; may block."""


class Connection:
    """One engine's account over HTTP, found through its state folder.

    Args:
        state: The engine's state folder (holds `engine.json` and `api-token`).
        author: Who the engine's history names.
        remote: Where the account is, when no state folder says it.
    """

    def __init__(self, state: Path, author: str, remote: Remote | None = None) -> None:
        self.state, self.author, self.remote = state, author, remote
        self.address = ""
        self.account_id = ""
        self._http: httpx.AsyncClient | None = None

    def locate(self) -> bool:
        """Read where the engine is.

        Returns:
            Whether there is one that says it is ready (it may have died since).
        """
        if self.remote is not None:
            self.address, self.account_id = self.remote.address, self.remote.account_id
            return True
        try:
            found = json.loads((self.state / "engine.json").read_bytes())
            self.address, self.account_id = str(found["address"]), str(found["account_id"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    async def call(self, method: str, path: str, **options: Any) -> Json:
        """Send one request.

        Args:
            method: The HTTP method.
            path: The path below the account.
            **options: httpx's (json, params, content, headers).

        Returns:
            Cloudflare's envelope: `{success, errors, messages, result, result_info?}`.

        Raises:
            EngineError: The engine refused.
            EngineAway: There is no engine.
        """
        try:
            return await self._once(method, path, **options)
        except EngineAway:
            # A kept connection that the engine's restart closed looks like an engine that is away.
            if method != "GET" or not self.locate():
                raise
        return await self._once(method, path, **options)

    async def _once(self, method: str, path: str, **options: Any) -> Json:
        http = await self._connect()
        import httpx

        try:
            response = await http.request(method, path, **options)
        except httpx.HTTPError as error:
            await self._lost(http)
            raise EngineAway(_reason(error)) from error
        return _envelope(response.status_code, response.content)

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, *, silence: float | None, **options: Any
    ) -> AsyncIterator[AsyncIterator[Json]]:
        """Send one request whose answer is NDJSON, read as it arrives.

        Args:
            method: The HTTP method.
            path: The path below the account.
            silence: Seconds without a byte after which the engine counts as away; None waits for ever.
            **options: httpx's.

        Yields:
            The objects, one a line. Leaving the context closes the connection, which cancels a run.
        """
        http = await self._connect()
        import httpx

        timeout = httpx.Timeout(30.0, connect=3.0, read=silence, pool=None)
        try:
            async with http.stream(method, path, timeout=timeout, **options) as response:
                if response.status_code != 200:
                    _envelope(response.status_code, await response.aread())
                yield _objects(response.aiter_bytes())
        except httpx.HTTPError as error:
            await self._lost(http)
            raise EngineAway(_reason(error)) from error

    @asynccontextmanager
    async def content(self, path: str, **options: Any) -> AsyncIterator[Content]:
        """Ask for bytes that come without an envelope: a value, an object.

        Args:
            path: The path below the account.
            **options: httpx's (params, headers).

        Yields:
            The answer's header fields, and its content as it arrives.
        """
        http = await self._connect()
        import httpx

        try:
            async with http.stream("GET", path, **options) as response:
                if response.status_code >= 300:
                    _envelope(response.status_code, await response.aread())
                yield Content(response.headers, response.aiter_bytes())
        except httpx.HTTPError as error:
            await self._lost(http)
            raise EngineAway(_reason(error)) from error

    def wrangler_settings(self) -> str:
        """Shell lines for wrangler. The token stays in its file; the line reads it when it is used."""
        import shlex

        lines = {
            "CLOUDFLARE_API_BASE_URL": f"{self.address}/client/v4",
            "CLOUDFLARE_ACCOUNT_ID": self.account_id,
        }
        if self.remote is None:
            lines["CLOUDFLARE_API_TOKEN"] = f'"$(cat {shlex.quote(str(self.state / "api-token"))})"'
        return "".join(f"export {name}={value}\n" for name, value in lines.items())

    async def close(self) -> None:
        """Close what is open. A later call connects again."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def _connect(self) -> httpx.AsyncClient:
        if self._http is not None:
            return self._http
        httpx = await asyncio.to_thread(_import_httpx)
        if not self.locate():
            raise EngineAway("none has started yet")
        token = await asyncio.to_thread(self.remote.token) if self.remote is not None else self._token()
        if self._http is None:  # another call may have connected while httpx was imported
            self._http = httpx.AsyncClient(
                base_url=f"{self.address}/client/v4/accounts/{self.account_id}",
                headers={"authorization": f"Bearer {token}", **self._own_fields()},
                timeout=httpx.Timeout(30.0, connect=3.0, pool=None),
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=8),
                trust_env=not _here(self.address),  # a proxy knows nothing of this machine's loopback
                verify=_certificates(self.address),
            )
        return self._http

    def _token(self) -> str:
        token_file = self.state / "api-token"
        try:
            return token_file.read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise EngineAway(f"cannot read {token_file} ({error})") from error

    def _own_fields(self) -> dict[str, str]:
        """Who did it, for an engine's history; nobody else's business."""
        if not _here(self.address):
            return {}
        return {"x-svc-author": quote(self.author, safe=" @.-_"), "x-svc-source": "app"}

    async def _lost(self, http: httpx.AsyncClient) -> None:
        """Forget a connection that failed: the next call looks for the engine again."""
        if self._http is http:
            self._http = None
            await http.aclose()


def _envelope(status: int, content: bytes) -> Json:
    """Cloudflare's envelope, or the error it carries."""
    try:
        body = json.loads(content)
    except ValueError as error:
        text = content[:200].decode("utf-8", "replace").strip() or "nothing"
        raise EngineError(0, f"The engine answered {status} without JSON: {text}", status) from error
    if not isinstance(body, dict) or not body.get("success"):
        errors = body.get("errors") if isinstance(body, dict) else None
        first = errors[0] if errors else {}
        message = str(first.get("message") or f"The engine answered {status}.")
        raise EngineError(int(first.get("code") or 0), message, status)
    return body


async def _objects(chunks: AsyncIterator[bytes]) -> AsyncIterator[Json]:
    """NDJSON by bytes: a text splitter would also cut at U+2028 and U+0085 inside strings."""
    rest: list[bytes] = []
    async for chunk in chunks:
        *lines, last = chunk.split(b"\n")
        for line in lines:
            text = b"".join((*rest, line))
            rest.clear()
            if text.strip():
                yield json.loads(text)
        rest.append(last)
    if b"".join(rest).strip():
        yield json.loads(b"".join(rest))


def _reason(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.ConnectError):
        return "nothing answers at its address"
    if isinstance(error, httpx.TimeoutException):
        return "it does not answer"
    return str(error) or type(error).__name__


def _here(address: str) -> bool:
    """Whether an address is this machine's own."""
    host = urlsplit(address).hostname or ""
    return host in ("127.0.0.1", "localhost", "::1") or host.endswith(".localhost")


def _certificates(address: str) -> ssl.SSLContext | bool:
    """For plain http an empty context: httpx would load the list of authorities, 30 ms for nothing."""
    if address.startswith("https:"):
        return True
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _import_httpx() -> Any:
    import httpx

    return httpx
