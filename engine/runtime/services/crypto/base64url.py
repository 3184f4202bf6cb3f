"""Numbers and byte strings as JSON Web Keys write them (RFC 7515 §2, RFC 7518 §2)."""

from __future__ import annotations

import base64
import re

_TEXT = re.compile(r"[A-Za-z0-9_-]*\Z")


def decode(text: str) -> bytes:
    """The bytes of base64url text without padding.

    Raises:
        ValueError: It is not that.
    """
    if not _TEXT.match(text) or len(text) % 4 == 1:
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def to_int(text: str) -> int:
    """The number that base64url text holds, big-endian."""
    return int.from_bytes(decode(text), "big")


def from_int(number: int, size: int | None = None) -> str:
    """A number, in ``size`` bytes, or in as few as it needs."""
    return encode(number.to_bytes((number.bit_length() + 7) // 8 or 1 if size is None else size, "big"))
