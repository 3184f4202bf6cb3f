"""Pages of a bucket: with a prefix, grouped at a delimiter, from a cursor on.

A page costs what it gives, not what it skips: behind a group the scan goes on after the group's last possible
key.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.r2 import errors
from engine.store.r2 import Object

MAX_LIMIT: Final = 1000
FIRST: Final = 16
"""Objects read ahead behind a group."""
Scan = Callable[[bytes, bytes | None, int], list[Object]]
"""Objects from a key on to below another (None: to the end), in order, at most so many."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page; `cursor` is None on the last one. `prefixes` are groups of keys that share them."""

    objects: tuple[Object, ...]
    prefixes: tuple[str, ...]
    cursor: str | None


def listing(
    scan: Scan,
    *,
    prefix: str = "",
    limit: int = MAX_LIMIT,
    cursor: str = "",
    delimiter: str = "",
    after: str = "",
) -> Page:
    """One page; raises R2Error 10022 (limit) or 10029 (cursor)."""
    if not 1 <= limit <= MAX_LIMIT:
        raise errors.invalid_limit()
    start, split = prefix.encode(), delimiter.encode()
    lower, upper = start, successor(start)
    if after:
        lower = max(lower, after.encode() + b"\0")
    if cursor:
        lower = max(lower, _decoded(cursor))
    objects: list[Object] = []
    groups: list[str] = []
    ask = FIRST if split else limit + 1  # behind a group everything read so far is of no use
    while True:
        ask = min(ask, limit - len(objects) - len(groups) + 1)
        rows = scan(lower, upper, ask)
        jumped = False
        for row in rows:
            key = row.key.encode()
            if len(objects) + len(groups) == limit:
                return Page(tuple(objects), tuple(groups), _encoded(key))
            at = key.find(split, len(start)) if split else -1
            if at < 0:
                objects.append(row)
                lower = key + b"\0"
                continue
            group = key[: at + len(split)]
            groups.append(group.decode("utf-8", "replace"))
            following = successor(group)
            if following is None or (upper is not None and following >= upper):
                return Page(tuple(objects), tuple(groups), None)
            lower, jumped = following, True
            break
        if jumped:
            ask = FIRST
        elif len(rows) < ask:
            return Page(tuple(objects), tuple(groups), None)
        else:
            ask *= 4


def successor(prefix: bytes) -> bytes | None:
    """The least key above all that begin with the prefix; None when there is no bound."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def _encoded(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()


def _decoded(cursor: str) -> bytes:
    try:
        return base64.b64decode(cursor, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise errors.R2Error(10029, "The cursor is not one of a list: pass it as it was given") from error
