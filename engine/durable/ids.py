"""Ids of objects: 256 bits in hexadecimal, of which the last 64 tell the namespace.

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


def named(namespace: str, name: str) -> str:
    """The id of a name: always the same."""
    return _sealed(namespace, _mac(namespace, b"name\0" + name.encode("utf-8", "surrogatepass"))[:24])


def unique(namespace: str) -> str:
    """An id that nobody has."""
    return _sealed(namespace, secrets.token_bytes(24))


def parse(namespace: str, text: str) -> str:
    """The id in lower case; "malformed" or "foreign" when it is none of this namespace."""
    if not _HEX.fullmatch(text):
        return "malformed"
    found = text.lower()
    return found if _sealed(namespace, bytes.fromhex(found[:48])) == found else "foreign"


def _sealed(namespace: str, start: bytes) -> str:
    return (start + _mac(namespace, b"id\0" + start)[:8]).hex()


def _mac(namespace: str, content: bytes) -> bytes:
    return hmac.digest(namespace[:KEY].encode(), content, hashlib.sha256)


SYNC: Final = {
    "named": lambda args, data: (named(args[0], args[1]), None),
    "unique": lambda args, data: (unique(args[0]), None),
    "parse": lambda args, data: (parse(args[0], args[1]), None),
}
"""What the namespaces in JavaScript ask, as runtime service "durable"."""
