"""What KV refuses, in Cloudflare's words (kv/platform/limits, kv/api/write-key-value-pairs).

The binding puts ``KV PUT failed: `` and the status before the text; REST sends code and text as they are.
Overlays of sandboxed drafts use the same checks, so a draft meets the limits that a deployed script meets.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

from engine.errors import KvError

MAX_KEY: Final = 512
MAX_VALUE: Final = 25 * 1024 * 1024
MAX_METADATA: Final = 1024
MAX_LIST: Final = 1000
MIN_TTL: Final = 60


def check_key(key: str) -> bytes:
    """The key as UTF-8; raises KvError for an empty one, ``.``, ``..`` and more than 512 bytes."""
    if key == "":
        raise KvError(10029, "Key name cannot be empty.")
    if key in (".", ".."):
        raise KvError(10029, f'"{key}" is not allowed as a key name.')
    encoded = key.encode("utf-8", "replace")  # a lone surrogate becomes "?": it has no UTF-8 form
    if len(encoded) > MAX_KEY:
        raise KvError(
            10029, f"UTF-8 encoded length of {len(encoded)} exceeds key length limit of {MAX_KEY}.", 414
        )
    return encoded


def check_value(value: bytes) -> bytes:
    """The value; raises KvError above 25 MiB."""
    if len(value) > MAX_VALUE:
        raise KvError(10024, f"Value length of {len(value)} exceeds limit of {MAX_VALUE}.", 413)
    return value


def check_metadata(metadata: Any) -> str | None:
    """The metadata as JSON text, None for null; raises KvError above 1,024 bytes."""
    if metadata is None:
        return None
    text = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode("utf-8", "replace"))
    if size > MAX_METADATA:
        raise KvError(10024, f"Metadata length of {size} exceeds limit of {MAX_METADATA}.", 413)
    return text


def check_expiration(expiration: int | None, ttl: int | None) -> int | None:
    """The absolute expiration in unix seconds, None for never; raises KvError below 60 s from now.

    `expiration` wins over `ttl` when both are given, as in KV.
    """
    now = int(time.time())
    if expiration is not None:
        if expiration <= now:
            raise KvError(
                10030,
                f"Invalid expiration of {expiration}. Please specify integer greater than the current"
                " number of seconds since the UNIX epoch.",
            )
        if expiration < now + MIN_TTL:
            raise KvError(
                10030,
                f"Invalid expiration of {expiration}. Expiration times must be at least {MIN_TTL} seconds"
                " in the future.",
            )
        return expiration
    if ttl is not None:
        if ttl <= 0:
            raise KvError(10030, f"Invalid expiration_ttl of {ttl}. Please specify integer greater than 0.")
        if ttl < MIN_TTL:
            raise KvError(
                10030, f"Invalid expiration_ttl of {ttl}. Expiration TTL must be at least {MIN_TTL}."
            )
        return now + ttl
    return None


def check_limit(limit: int) -> int:
    """The size of a page of keys; raises KvError outside 1 to 1,000."""
    if limit < 1:
        raise KvError(10028, f"Invalid key_count_limit of {limit}. Please specify an integer greater than 0.")
    if limit > MAX_LIST:
        raise KvError(
            10028, f"Invalid key_count_limit of {limit}. Please specify an integer less than {MAX_LIST}."
        )
    return limit
