"""Whose token a text is: the tokens of the store, in memory by their hashes."""

from __future__ import annotations

import asyncio
import hmac
import logging
from datetime import UTC, datetime
from typing import Final

from engine.errors import ApiError, StoreError
from engine.model import Change
from engine.store import Store, tokens
from engine.tokens.token import OWNER, Caller, Token
from engine.tokens.verbs import digest

#: Seconds after which another use of a token is written down.
USED: Final = 60.0

log = logging.getLogger("engine.tokens")


class Keyring:
    """The texts that the API's door knows.

    Args:
        store: has the tokens.
        own: the text of the engine's own token.
    """

    def __init__(self, store: Store, own: str) -> None:
        self._store = store
        self._own = own.encode()
        self._known: dict[bytes, Token] | None = None  # read when the first other token is shown
        self._age = 0
        self._used: dict[str, float] = {}
        self._writing: set[asyncio.Task[None]] = set()
        store.subscribe(self._on_change)

    async def caller(self, text: str) -> Caller:
        """Who shows this text.

        Raises:
            ApiError: 10000 (HTTP 403), it is no token, or one that is not valid now.
        """
        if hmac.compare_digest(text.encode("latin-1", "replace"), self._own):
            return OWNER
        token = (await self._tokens()).get(digest(text)) if text else None
        if token is None:
            raise ApiError(10000, "Authentication error: the API token is missing or wrong.", 403)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        status = token.status(now)
        if status != "active":
            raise ApiError(10000, f"Authentication error: the API token {token.name} is {status}.", 403)
        if token.not_before is not None and now < token.not_before:
            raise ApiError(
                10000, f"Authentication error: the API token {token.name} begins at {token.not_before}.", 403
            )
        self._note_use(token, now)
        return Caller(token.name, token.grants, token)

    async def _tokens(self) -> dict[bytes, Token]:
        known = self._known
        if known is None:
            age = self._age
            known = await self._store.read(tokens.by_hash)
            if age == self._age:  # else something changed while we read: the next look reads again
                self._known = known
        return known

    def _on_change(self, change: Change) -> None:
        """Grants follow renames, so those count too."""
        if change.kind.startswith("token.") or change.kind in {"environment.renamed", "service.renamed"}:
            self._known = None
            self._age += 1

    def _note_use(self, token: Token, now: str) -> None:
        clock = asyncio.get_running_loop().time()
        if clock - self._used.get(token.id, -USED) >= USED:
            self._used[token.id] = clock
            task = asyncio.ensure_future(self._write_use(token.id, now))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _write_use(self, token: str, now: str) -> None:
        try:
            await self._store.write(lambda connection: tokens.set_used(connection, token, now))
        except StoreError as error:  # a busy or full disk: who asks does not suffer for it
            log.info("the use of a token was not written down: %s", error)
