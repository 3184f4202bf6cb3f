"""The nouns of what leads to an environment besides its own hostname, as frozen values.

Times are ISO 8601 UTC, as in `engine.model`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Zone:
    """A domain of one's own; `id` 32 hex."""

    id: str
    name: str
    created_on: str


@dataclass(frozen=True, slots=True)
class Route:
    """A pattern of URLs and the environment it leads to; without one it switches Workers off."""

    id: str
    pattern: str
    zone_id: str
    zone_name: str
    environment_id: str | None
    service: str | None
    environment: str | None
    created_on: str


@dataclass(frozen=True, slots=True)
class Domain:
    """A custom domain: a hostname all of whose paths lead to an environment."""

    id: str
    hostname: str
    zone_id: str
    zone_name: str
    environment_id: str
    service: str
    environment: str
    enabled: bool
    previews_enabled: bool
    created_on: str
    modified_on: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron trigger of an environment, as it was written."""

    cron: str
    created_on: str
    modified_on: str


@dataclass(frozen=True, slots=True)
class ScheduleRun:
    """One run of a `scheduled` handler, `waitUntil` included; `outcome` None while it is under way."""

    id: int
    service: str
    environment: str
    cron: str
    scheduled_on: str
    started_on: str
    manual: bool
    author: str
    duration_ms: float | None = None
    outcome: str | None = None
    error: str | None = None
    version_id: str | None = None
