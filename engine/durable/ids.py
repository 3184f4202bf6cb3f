"""Ids of objects: 256 bits in hexadecimal, of which the last 64 tell the namespace and the jurisdiction.

A jurisdiction (durable-objects/reference/data-location) is only kept: everything is on this machine. But the
same name leads to another object in each, and a part of a namespace limited to one takes no other ids.

A namespace that is a copy of another with its objects begins like it, in the 32 digits that ids are made
with: so a name leads to the same object in both.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

#: Digits of a namespace's id that its objects' ids are made with.
KEY: Final = 32
JURISDICTIONS: Final = ("eu", "fedramp", "fedramp-high")
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where an object is.

    Attributes:
        namespace: its namespace's id.
        id: its own.
        name: what the id was made of, where the caller knows it.
    """

    namespace: str
    id: str
    name: str | None = None


def named(namespace: str, name: str, jurisdiction: str | None = None) -> str:
    """The id of a name: always the same."""
    content = _tag("name", jurisdiction) + name.encode("utf-8", "surrogatepass")
    return _sealed(namespace, _mac(namespace, content)[:24], jurisdiction)


def unique(namespace: str, jurisdiction: str | None = None) -> str:
    """An id that nobody has."""
    return _sealed(namespace, secrets.token_bytes(24), jurisdiction)


def parse(namespace: str, text: str) -> tuple[str, str | None]:
    """The id in lower case and its jurisdiction; "malformed" or "foreign" when it is none of these."""
    if not _HEX.fullmatch(text):
        return "malformed", None
    found = text.lower()
    start = bytes.fromhex(found[:48])
    for jurisdiction in (None, *JURISDICTIONS):
        if _sealed(namespace, start, jurisdiction) == found:
            return found, jurisdiction
    return "foreign", None


def _sealed(namespace: str, start: bytes, jurisdiction: str | None) -> str:
    return (start + _mac(namespace, _tag("id", jurisdiction) + start)[:8]).hex()


def _tag(what: str, jurisdiction: str | None) -> bytes:
    return (what if jurisdiction is None else f"{what} {jurisdiction}").encode() + b"\0"


def _mac(namespace: str, content: bytes) -> bytes:
    return hmac.digest(namespace[:KEY].encode(), content, hashlib.sha256)


SYNC: Final = {
    "named": lambda args, data: (named(*args), None),
    "unique": lambda args, data: (unique(*args), None),
    "parse": lambda args, data: (parse(*args), None),
}
"""What the namespaces in JavaScript ask, as runtime service "durable"."""
