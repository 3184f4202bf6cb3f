"""What workflows may be (developers.cloudflare.com/workflows/reference/limits), and how long things last."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

#: Bytes of parameters, of what a step gives, and of an event.
MAX_VALUE: Final = 1024 * 1024
#: Steps of an instance.
MAX_STEPS: Final = 10_000
#: Milliseconds of the longest sleep: a year.
MAX_SLEEP: Final = 365 * 86_400_000
#: Instances of one process that run at the same time.
CONCURRENCY: Final = 50
#: Milliseconds that an instance is kept when it has ended (30 days at most on Cloudflare).
RETENTION: Final = 30 * 86_400_000
#: Instances of one createBatch().
MAX_BATCH: Final = 100

#: What a step has that says nothing else, in milliseconds.
RETRIES: Final = 5
DELAY: Final = 10_000
BACKOFF: Final = "exponential"
TIMEOUT: Final = 600_000
#: How long an event is waited for.
EVENT_TIMEOUT: Final = 86_400_000

_UNITS: Final = {
    "second": 1000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 7 * 86_400_000,
    "month": 30 * 86_400_000,
    "year": 365 * 86_400_000,
}
_DURATION: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+?)s?\s*", re.IGNORECASE)


class Invalid(ValueError):
    """The text says what is wrong; the user's code gets it as an exception."""


def duration(value: Any, what: str) -> int:
    """Milliseconds of "5 minutes", "1 day" or a number of milliseconds; raises Invalid."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = float(value)
    else:
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None or match[2].lower() not in _UNITS:
            raise Invalid(f'{what} is a number of milliseconds or a text such as "5 minutes", not {value!r}')
        found = float(match[1]) * _UNITS[match[2].lower()]
    if not 0 <= found <= MAX_SLEEP:
        raise Invalid(f"{what} is between 0 and 365 days, not {value!r}")
    return int(found)


def step_config(given: Any) -> dict[str, Any]:
    """`{limit, delay, backoff, timeout}` of a step, in milliseconds; raises Invalid."""
    given = given if isinstance(given, Mapping) else {}
    found = given.get("retries")
    retries: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    limit = retries.get("limit", RETRIES)
    if limit is None or limit == "Infinity":  # JSON has no infinity
        limit = 1 << 31
    if isinstance(limit, bool) or not isinstance(limit, int | float) or limit < 0:
        raise Invalid(f"retries.limit is a number of 0 or more, not {limit!r}")
    backoff = retries.get("backoff", BACKOFF)
    if backoff not in ("constant", "linear", "exponential"):
        raise Invalid(f'retries.backoff is "constant", "linear" or "exponential", not {backoff!r}')
    return {
        "limit": int(limit),
        "delay": duration(retries.get("delay", DELAY), "retries.delay"),
        "backoff": backoff,
        "timeout": duration(given.get("timeout", TIMEOUT), "timeout"),
    }


def delay_of(config: Mapping[str, Any], attempt: int) -> int:
    """Milliseconds to wait after the attempt of that number, from 1, has failed."""
    delay: int = config["delay"]
    match config["backoff"]:
        case "linear":
            delay *= attempt
        case "exponential":
            delay *= 1 << min(attempt - 1, 30)
    return min(delay, MAX_SLEEP)
