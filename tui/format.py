"""How numbers are written on screen: ages, times, durations, sizes, counts.

One place, so that no two panes disagree. The rules are those of the screens' style guide: base 1024 for
sizes, one decimal for milliseconds, the local time zone for clocks, and `–` where there is nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

NONE = "–"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SIZES = ("B", "KB", "MB", "GB", "TB")
AGES = (("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("y", 365 * 86_400))
WORDS = {"s": "s", "m": "min", "h": "h", "d": "d", "y": "y"}


def moment(iso: str) -> datetime:
    """An ISO 8601 time of the API (UTC, `2026-11-23T14:02:11.204000Z`) as a local, aware datetime."""
    parsed = datetime.fromisoformat(iso)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone()


def _age(iso: str, now: datetime | None) -> tuple[int, str]:
    """How long ago, as a whole number and the largest unit that is not zero."""
    seconds = max(0, int(((now or datetime.now(UTC)) - moment(iso)).total_seconds()))
    for (unit, length), (_, longer) in pairwise(AGES):
        if seconds < longer:
            return seconds // length, unit
    unit, length = AGES[-1]
    return seconds // length, unit


def age(iso: str | None, now: datetime | None = None) -> str:
    """How long ago, for tables: `12m`, `3h`, `6d`; `–` for none."""
    if not iso:
        return NONE
    number, unit = _age(iso, now)
    return f"{number}{unit}"


def ago(iso: str | None, now: datetime | None = None) -> str:
    """How long ago, for prose: `12 min`, `3 h`, `6 d`; `–` for none."""
    if not iso:
        return NONE
    number, unit = _age(iso, now)
    return f"{number} {WORDS[unit]}"


def clock(iso: str | None, milliseconds: bool = False) -> str:
    """The local time of day: `14:02:11`, with `milliseconds` `14:02:11.204`; `–` for none."""
    if not iso:
        return NONE
    local = moment(iso)
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03}" if milliseconds else f"{local:%H:%M:%S}"


def time_of_day(when: datetime | None) -> str:
    """The local time of day of a moment the app saw itself: `14:02:11`; `–` for none."""
    return NONE if when is None else f"{when.astimezone():%H:%M:%S}"


def day(iso: str | None, now: datetime | None = None) -> str:
    """The local day and time: `23 Nov 14:02`, of another year `23 Nov 2025`; `–` for none."""
    if not iso:
        return NONE
    local = moment(iso)
    # Not %b: month names follow the words on the screen, not the machine's locale.
    start = f"{local.day:02} {MONTHS[local.month - 1]}"
    current = (now or datetime.now(UTC)).astimezone().year
    return f"{start} {local:%H:%M}" if local.year == current else f"{start} {local.year}"


def duration(milliseconds: float | None) -> str:
    """A span: `14.2 ms`, from one second `1.24 s`, from one minute `2 min`; `–` for none."""
    if milliseconds is None:
        return NONE
    if milliseconds < 999.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 59_995:
        return f"{milliseconds / 1000:.2f} s"
    return f"{round(milliseconds / 60_000)} min"


def size(count: int | None) -> str:
    """Bytes, base 1024: `121 B`, `1.6 KB`, `14 KB`, `5.6 MB`; `–` for none."""
    if count is None:
        return NONE
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in SIZES:
        # 1023.95 would be written "1024 KB": the next unit takes it.
        if value < 1023.5 or unit == SIZES[-1]:
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:,.0f} {unit}"
        value /= 1024
    raise AssertionError("the last unit takes every size")


def count(number: int | None, compact: bool = False) -> str:
    """A count: `1,284`; with `compact` (tables) above ten thousand `12.4k`, `3.1M`; `–` for none."""
    if number is None:
        return NONE
    if not compact or number < 10_000:
        return f"{number:,}"
    return f"{number / 1000:.1f}k" if number < 999_950 else f"{number / 1_000_000:.1f}M"


def plural(number: int, noun: str, nouns: str | None = None) -> str:
    """A count with its noun: `1 module`, `3 modules`; `nouns` where an s is not enough."""
    return f"{count(number)} {noun if number == 1 else nouns or noun + 's'}"


def percent(share: float | None) -> str:
    """A percentage of 0 to 100: `0.3 %`, `10 %`, `100 %`; `–` for none."""
    return NONE if share is None else f"{share:.0f} %" if share == int(share) else f"{share:.1f} %"


def version(number: int | None) -> str:
    """A version's number: `v41`; `–` for none."""
    return NONE if number is None else f"v{number}"
