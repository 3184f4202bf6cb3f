"""What a message, a queue and a consumer may be (developers.cloudflare.com/queues/platform/limits)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.errors import ApiError

MAX_MESSAGE: Final = 128_000
MAX_BATCH: Final = 100
#: Bytes of all messages of one sendBatch: 256 KB of contents and 32 KB of what goes with them.
MAX_BATCH_BYTES: Final = 288_000
MAX_DELAY: Final = 86_400
CONTENT_TYPES: Final = frozenset({"json", "text", "bytes", "v8"})
#: What a consumer has when its settings do not say: messages, seconds, times.
BATCH_SIZE: Final = 10
WAIT_MS: Final = 5_000
RETRIES: Final = 3
VISIBILITY_MS: Final = 30_000
#: Batches of one consumer that are under way at once when it does not say; Cloudflare scales up to 250.
CONCURRENCY: Final = 10

_WORKER: Final[Mapping[str, tuple[int, int]]] = {
    "batch_size": (1, 100),
    "max_retries": (0, 100),
    "max_wait_time_ms": (0, 60_000),
    "max_concurrency": (1, 250),
    "retry_delay": (0, MAX_DELAY),
}
_PULL: Final[Mapping[str, tuple[int, int]]] = {
    "batch_size": (1, 100),
    "max_retries": (0, 100),
    "visibility_timeout_ms": (0, 43_200_000),
    "retry_delay": (0, MAX_DELAY),
}
_QUEUE: Final[Mapping[str, tuple[int, int]]] = {
    "delivery_delay": (0, MAX_DELAY),
    "message_retention_period": (60, 1_209_600),
}


class Refused(Exception):
    """A send that Cloudflare's server would answer with an error; the text is what it says."""


def check_send(sizes: Sequence[int], kinds: Sequence[str], delays: Sequence[int | None], batch: bool) -> None:
    """Whether messages of these sizes (bytes), content types and delays (seconds) may be sent.

    Raises:
        Refused: no; the reason is Miniflare's word for word, where it has one.
    """
    if batch and len(sizes) > MAX_BATCH:
        raise Refused(f"batch message count of {len(sizes)} exceeds limit of {MAX_BATCH}")
    largest = max(sizes, default=0)
    if largest > MAX_MESSAGE and batch:
        raise Refused(
            f"message in batch has length {largest} bytes which exceeds single message size limit of"
            f" {MAX_MESSAGE}"
        )
    if largest > MAX_MESSAGE:
        raise Refused(f"message length of {largest} bytes exceeds limit of {MAX_MESSAGE}")
    if sum(sizes) > MAX_BATCH_BYTES:
        raise Refused(f"batch size of {sum(sizes)} bytes exceeds limit of {MAX_BATCH_BYTES}")
    for kind in kinds:
        if kind not in CONTENT_TYPES:
            raise Refused(
                f"message content type {kind} is invalid; if specified, must be one of 'text', 'json', "
                "'bytes', or 'v8'"
            )
    for delay in delays:
        if delay is not None and not 0 <= delay <= MAX_DELAY:
            raise Refused(f"message delay {delay} is invalid: it must be between 0 and {MAX_DELAY} seconds")


def queue_settings(given: Any) -> dict[str, Any]:
    """The settings of a queue that a request gives; raises ApiError 100128."""
    if given is None:
        return {}
    values = _numbers(given, _QUEUE, 100128)
    paused = given.get("delivery_paused")
    if paused is not None:
        if not isinstance(paused, bool):
            raise ApiError(100128, "delivery_paused is true or false")
        values["delivery_paused"] = paused
    return values


def consumer_settings(given: Any, *, pulls: bool) -> dict[str, Any]:
    """The settings of a consumer that a request gives; raises ApiError 100127."""
    return {} if given is None else _numbers(given, _PULL if pulls else _WORKER, 100127)


def _numbers(given: Any, known: Mapping[str, tuple[int, int]], code: int) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise ApiError(code, "settings is an object")
    values: dict[str, Any] = {}
    for name, (least, most) in known.items():
        value = given.get(name)
        if value is None:
            continue
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ApiError(code, f"{name} is {value!r:.40}: give a whole number from {least} to {most}")
        values[name] = value
    return values
