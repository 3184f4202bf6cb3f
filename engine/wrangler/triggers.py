"""What makes a script run besides requests, set beside its upload: consumers of queues, and crons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.wrangler.section import Section

_WORKER: Final = {
    "max_batch_size": ("batch_size", 1),
    "max_batch_timeout": ("max_wait_time_ms", 1000),  # the file has seconds
    "max_retries": ("max_retries", 1),
    "max_concurrency": ("max_concurrency", 1),
    "retry_delay": ("retry_delay", 1),
}
_PULL: Final = {
    "max_batch_size": ("batch_size", 1),
    "max_retries": ("max_retries", 1),
    "visibility_timeout_ms": ("visibility_timeout_ms", 1),
    "retry_delay": ("retry_delay", 1),
}
"""Keys of `[[queues.consumers]]`: the setting of the API, and what its number is multiplied by."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """One queue that is consumed, `[[queues.consumers]]`.

    Attributes:
        queue: its name.
        type: "worker", or "http_pull" for a queue that something else empties.
        settings: as the API takes them.
        dead_letter_queue: where messages go that failed too often; None drops them.
    """

    queue: str
    type: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    dead_letter_queue: str | None = None


def consumers(section: Section) -> tuple[Consumer, ...]:
    """The queues that the section consumes; raises ProjectError."""
    found = []
    for place, item in section.items("consumers", "queues"):
        kind = item.get("type", "worker")
        if kind not in ("worker", "http_pull"):
            raise section.error(f"{place}.type", 'is "worker" or "http_pull"')
        settings: dict[str, Any] = {}
        for key, (setting, factor) in (_WORKER if kind == "worker" else _PULL).items():
            value = section.number(place, item, key)
            if value is not None:
                settings[setting] = round(value * factor)
        dead = item.get("dead_letter_queue")
        found.append(
            Consumer(
                section.text(place, item, "queue"),
                kind,
                settings,
                None if dead is None else section.text(place, item, "dead_letter_queue"),
            )
        )
    return tuple(found)


def crons(section: Section) -> tuple[str, ...] | None:
    """`[triggers] crons`; None where the file does not say, which leaves what there is."""
    table = section.inherited("triggers", dict)
    listed = (table or {}).get("crons")
    if listed is None:
        return None
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise section.error(f"{section.prefix}triggers.crons", "must be a list of cron expressions")
    return tuple(dict.fromkeys(listed))


def tail_consumers(section: Section) -> list[dict[str, Any]] | None:
    """`[[tail_consumers]]` as the upload's metadata has them; None where the file does not say."""
    if section.values.get("tail_consumers") is None:
        return None
    found = []
    for place, item in section.items("tail_consumers"):
        consumer: dict[str, Any] = {"service": section.text(place, item, "service")}
        if item.get("environment") is not None:
            consumer["environment"] = section.text(place, item, "environment")
        found.append(consumer)
    return found
