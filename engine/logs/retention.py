"""How much of an environment's log is kept: the `observability` setting of an environment.

`enabled`, `head_sampling_rate`, `logs.enabled`, `logs.head_sampling_rate`, `logs.invocation_logs` and
`logs.persist` are Cloudflare's (developers.cloudflare.com/workers/observability/logs/workers-logs);
`logs.retention_days` and `logs.retention_mb` are ours, since what is kept is kept on this disk.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import ApiError
from engine.logs.record import Record

#: Days and MB kept of an environment that does not say: Cloudflare's paid plan keeps seven days.
DAYS: Final = 7.0
MEGABYTES: Final = 16.0
MOST_DAYS: Final = 365.0
MOST_MEGABYTES: Final = 1024.0


@dataclass(frozen=True, slots=True)
class Retention:
    """What of an environment's records outlives the process.

    Attributes:
        keeps: whether anything does.
        sampling: the share of invocations that is kept.
        invocations: whether those are that wrote nothing and failed in nothing.
        days: days until a record is forgotten.
        size: bytes above which the oldest are.
    """

    keeps: bool = True
    sampling: float = 1.0
    invocations: bool = True
    days: float = DAYS
    size: int = int(MEGABYTES * 1024 * 1024)

    def wants(self, record: Record) -> bool:
        """Whether this record is one of them; errors are never sampled away."""
        plain = record.outcome == "ok" and not record.exceptions and (record.status or 0) < 500
        if plain and not record.lines and not self.invocations:
            return False
        return not plain or self.sampling >= 1 or random.random() < self.sampling


def read(settings: Mapping[str, Any]) -> Retention:
    """The rule in an environment's script settings; what makes no sense there counts as not said."""
    every = settings.get("observability")
    every = every if isinstance(every, Mapping) else {}
    logs = every.get("logs")
    logs = logs if isinstance(logs, Mapping) else {}
    off = (every.get("enabled"), logs.get("enabled"), logs.get("persist"))
    sampling = _number(logs, "head_sampling_rate", 0, 1) or _number(every, "head_sampling_rate", 0, 1)
    if 0 in (logs.get("head_sampling_rate"), every.get("head_sampling_rate")):
        sampling = 0.0
    return Retention(
        keeps=not any(each is False for each in off),
        sampling=1.0 if sampling is None else sampling,
        invocations=logs.get("invocation_logs") is not False,
        days=_number(logs, "retention_days", 0, MOST_DAYS) or DAYS,
        size=int((_number(logs, "retention_mb", 0, MOST_MEGABYTES) or MEGABYTES) * 1024 * 1024),
    )


def check(settings: Mapping[str, Any]) -> None:
    """Refuse what `read` would pass over.

    Raises:
        ApiError: 10026, one of our own numbers is none, or out of bounds.
    """
    every = settings.get("observability")
    logs = every.get("logs") if isinstance(every, Mapping) else None
    if not isinstance(logs, Mapping):
        return
    for name, most in (("retention_days", MOST_DAYS), ("retention_mb", MOST_MEGABYTES)):
        if logs.get(name) is not None and not _number(logs, name, 0, most):
            raise ApiError(
                10026,
                f"observability.logs.{name} is {logs[name]!r:.40}: "
                f"give a number above 0, up to {most:g}; persist: false keeps nothing",
            )


def _number(values: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return None
    return float(value)
