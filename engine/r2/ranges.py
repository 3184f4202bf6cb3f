"""Which bytes of an object are asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from engine.r2 import errors

_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*\Z", re.IGNORECASE)


def from_options(given: Mapping[str, Any], size: int) -> tuple[int, int]:
    """Offset and length of ``{offset?, length?}`` or ``{suffix}``; raises R2Error 10039."""
    offset, length, suffix = given.get("offset"), given.get("length"), given.get("suffix")
    if suffix is not None:
        if suffix <= 0:
            raise errors.invalid_range()
        suffix = min(suffix, size)
        offset, length = size - suffix, suffix
    offset = 0 if offset is None else offset
    length = size - offset if length is None else length
    if offset < 0 or offset > size or (length <= 0 and size > 0):
        raise errors.invalid_range()
    return int(offset), int(min(length, size - offset))


def from_header(text: str, size: int) -> tuple[int, int] | None:
    """Offset and length of a `Range` field (RFC 9110 §14); None for several or none: it is ignored."""
    match = _RANGE.match(text)
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        suffix = min(int(match[2]), size)
        return (size - suffix, suffix) if suffix else None
    first = int(match[1])
    last = size - 1 if match[2] == "" else min(int(match[2]), size - 1)
    return None if first >= size or last < first else (first, last - first + 1)
