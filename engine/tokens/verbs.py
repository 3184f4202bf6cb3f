"""What is done with tokens: create, change, roll, revoke. The text is given once, to who asked."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from engine.errors import ApiError
from engine.model import Actor
from engine.store import Connection, Store, changes, tokens
from engine.tokens.token import PERMISSIONS, WHOLE, Grant, Token

#: Cloudflare's number for a token that cannot be as asked.
WRONG: Final = 1003
#: So many grants are enough for fifty environments; more is a mistake.
MOST: Final = 200
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,120}")
_PATTERN: Final = re.compile(r"[a-z0-9*?-]{1,63}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A token as somebody wants it; times as `moment` gives them."""

    name: str
    grants: Sequence[Grant] = field(default=())
    active: bool = True
    not_before: str | None = None
    expires_on: str | None = None


async def create(store: Store, wanted: Wanted, actor: Actor) -> tuple[Token, str]:
    """Makes a token; gives it and its text.

    Raises:
        ApiError: 1003 name, grants or times, 10040 the name is taken.
    """
    _check(wanted)
    text = _text()

    def work(connection: Connection) -> Token:
        at = store.now()
        made = tokens.insert(
            connection,
            wanted.name,
            digest(text),
            wanted.grants,
            wanted.active,
            wanted.not_before,
            wanted.expires_on,
            actor.author,
            at,
        )
        _note(connection, at, "token.created", actor, made)
        return made

    return await store.write(work), text


async def change(store: Store, token: str, wanted: Wanted, actor: Actor) -> Token:
    """Gives a token another name, other rights or times; its text stays.

    Raises:
        ApiError: 1001 not found, 1003 name, grants or times, 10040 the name is taken.
    """
    _check(wanted)

    def work(connection: Connection) -> Token:
        at = store.now()
        made = tokens.update(
            connection,
            tokens.get(connection, token),
            wanted.name,
            wanted.grants,
            wanted.active,
            wanted.not_before,
            wanted.expires_on,
            at,
        )
        _note(connection, at, "token.changed", actor, made)
        return made

    return await store.write(work)


async def roll(store: Store, token: str, actor: Actor) -> str:
    """Gives a token another text, from now on the only one; raises ApiError 1001."""
    text = _text()

    def work(connection: Connection) -> None:
        found, at = tokens.get(connection, token), store.now()
        tokens.set_hash(connection, found, digest(text), at)
        _note(connection, at, "token.rolled", actor, found)

    await store.write(work)
    return text


async def revoke(store: Store, token: str, actor: Actor) -> None:
    """Removes a token: the next request with it is refused. Raises ApiError 1001."""

    def work(connection: Connection) -> None:
        found = tokens.get(connection, token)
        tokens.delete(connection, found)
        _note(connection, store.now(), "token.revoked", actor, found)

    await store.write(work)


def digest(text: str) -> bytes:
    """What is kept of a text. It has 240 random bits: no salt and no slow hash makes it harder to guess."""
    return sha256(text.encode("utf-8", "replace")).digest()


def moment(given: Any, key: str) -> str | None:
    """A time as the store writes it, from RFC 3339; raises ApiError 1003."""
    if given is None:
        return None
    try:
        parsed = datetime.fromisoformat(given)
        if parsed.tzinfo is None:
            raise ValueError
        return parsed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (TypeError, ValueError, OverflowError):
        raise ApiError(WRONG, f"{key} must be a time such as 2027-01-31T00:00:00Z.") from None


def _check(wanted: Wanted) -> None:
    if not isinstance(wanted.name, str) or not _NAME.fullmatch(wanted.name) or not wanted.name.strip():
        raise ApiError(WRONG, "name must be one line of 1 to 120 characters.")
    if not wanted.grants:
        raise ApiError(WRONG, "A token without a permission is good for nothing: name at least one.")
    if len(wanted.grants) > MOST:
        raise ApiError(WRONG, f"A token has at most {MOST} permissions.")
    for each in wanted.grants:
        if each.permission not in PERMISSIONS:
            raise ApiError(WRONG, f"There is no permission {each.permission}: {', '.join(PERMISSIONS)} are.")
        for name in (each.service, each.environment):
            if name is not None and not _PATTERN.fullmatch(name):
                raise ApiError(WRONG, f"{name[:64]!r} names no service or environment.")
        if each.service is not None and each.permission in WHOLE:
            raise ApiError(WRONG, f"{each.permission} is for the whole account, not for one service.")
    start, end = wanted.not_before, wanted.expires_on
    if start is not None and end is not None and end <= start:
        raise ApiError(WRONG, "expires_on must come after not_before.")


def _note(connection: Connection, at: str, kind: str, actor: Actor, token: Token) -> None:
    changes.append(connection, at, kind, actor, detail={"token": token.name, "token_id": token.id})


def _text() -> str:
    return f"svc_{secrets.token_urlsafe(30)}"
