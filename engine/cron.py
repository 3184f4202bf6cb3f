"""Cron expressions: five fields in UTC, and the next time that one means.

The syntax is that of Cloudflare's Cron Triggers (workers/configuration/cron-triggers, and its parser,
saffron), which follows Quartz:

    minutes 0-59 · hours 0-23 · days of the month 1-31 · months 1-12 or JAN-DEC · weekdays 1-7 or SUN-SAT

Each field takes ``*``, values, ranges (which may wrap around: ``FRI-MON``), lists and steps. Days of the
month also take ``L`` (the last day), ``L-3``, ``LW`` (the last workday) and ``15W`` (the workday nearest to
the 15th, in the same month); weekdays also take ``L`` (Saturday), ``6L`` (the last Friday) and ``6#3`` (the
third Friday). When both day fields are restricted, a day that fits either one
counts.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

MONTHS: Final[Mapping[str, int]] = {
    name: number
    for number, name in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1
    )
}
WEEKDAYS: Final[Mapping[str, int]] = {
    name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)
}
SATURDAY: Final = 7
#: The calendar repeats after 400 years: what does not occur within them never does.
YEARS: Final = 400

Days = Callable[[int, int], frozenset[int]]
"""The days of a month (year, month) that a field means."""

_LAST = re.compile(r"L(?:-(\d+))?(W)?")
_NEAREST = re.compile(r"(\d+)W")
_LAST_WEEKDAY = re.compile(r"(\d|[A-Z]{3})L")
_NTH_WEEKDAY = re.compile(r"(\d|[A-Z]{3})#(\d)")


class CronError(ValueError):
    """An expression that is none; one line that says which field is wrong, and why."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression.

    Attributes:
        text: as it was written.
        minutes: those it means, rising.
        hours: those it means, rising.
        months: those it means.
        days: the days of a month that it means.
    """

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    days: Days

    def next(self, after: datetime) -> datetime | None:
        """The first time later than `after`, or None when there never is one.

        Args:
            after: with a time zone.

        Returns:
            a whole minute, in UTC.
        """
        moment = after.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        year, month = moment.year, moment.month
        earliest = moment.day, moment.hour, moment.minute
        while year <= min(moment.year + YEARS, 9999):
            found = self._in_month(year, month, earliest) if month in self.months else None
            if found is not None:
                return found
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            earliest = 1, 0, 0
        return None

    def _in_month(self, year: int, month: int, earliest: tuple[int, int, int]) -> datetime | None:
        """The first time in a month that is not before `earliest` (day, hour, minute)."""
        for day in sorted(self.days(year, month)):
            if day < earliest[0]:
                continue
            for hour in self.hours:
                if (day, hour) < earliest[:2]:
                    continue
                for minute in self.minutes:
                    if (day, hour, minute) >= earliest:
                        return datetime(year, month, day, hour, minute, tzinfo=UTC)
        return None


def parse(text: str) -> Cron:
    """Read an expression such as ``*/5 8-18 * * MON-FRI``.

    Raises:
        CronError: it is none.
    """
    fields = text.upper().split()
    if len(fields) != 5:
        raise CronError(f"{text!r} has {len(fields)} fields, not five: minute hour day month weekday")
    minute, hour, day, month, weekday = fields
    return Cron(
        text=text,
        minutes=tuple(sorted(_set(minute, "minute", 0, 59))),
        hours=tuple(sorted(_set(hour, "hour", 0, 23))),
        months=_set(month, "month", 1, 12, MONTHS),
        days=_either(day, _days_of_month(day), weekday, _days_of_week(weekday)),
    )


def _either(day: str, of_month: Days, weekday: str, of_week: Days) -> Days:
    if day == "*":
        return of_week
    if weekday == "*":
        return of_month
    return lambda year, month: of_month(year, month) | of_week(year, month)


def _days_of_month(field: str) -> Days:
    if match := _LAST.fullmatch(field):
        before = int(match[1] or 0)
        if before > 30:
            raise CronError(f"day {field!r}: at most 30 days before the last one")
        if match[2]:
            return lambda year, month: _workday(year, month, length(year, month) - before)
        return lambda year, month: _existing(year, month, length(year, month) - before)
    if match := _NEAREST.fullmatch(field):
        nearest = _number(match[1], "day", 1, 31, {})
        return lambda year, month: _workday(year, month, nearest)
    wanted = _set(field, "day", 1, 31)
    return lambda year, month: frozenset(day for day in wanted if day <= length(year, month))


def _days_of_week(field: str) -> Days:
    if field == "L":
        field = str(SATURDAY)
    if match := _LAST_WEEKDAY.fullmatch(field):
        last = _number(match[1], "weekday", 1, 7, WEEKDAYS)
        return lambda year, month: frozenset([max(_on(year, month, frozenset([last])))])
    if match := _NTH_WEEKDAY.fullmatch(field):
        weekday = _number(match[1], "weekday", 1, 7, WEEKDAYS)
        nth = _number(match[2], "weekday's number after #", 1, 5, {})
        return lambda year, month: frozenset(sorted(_on(year, month, frozenset([weekday])))[nth - 1 : nth])
    wanted = _set(field, "weekday", 1, 7, WEEKDAYS)
    return lambda year, month: _on(year, month, wanted)


def length(year: int, month: int) -> int:
    """How many days a month has."""
    return calendar.monthrange(year, month)[1]


def _on(year: int, month: int, weekdays: frozenset[int]) -> frozenset[int]:
    """The days of a month that fall on these weekdays (1 = Sunday)."""
    first = _weekday(year, month, 1)
    return frozenset(
        day for day in range(1, length(year, month) + 1) if (first + day - 2) % 7 + 1 in weekdays
    )


def _weekday(year: int, month: int, day: int) -> int:
    """1 = Sunday to 7 = Saturday."""
    return (calendar.weekday(year, month, day) + 1) % 7 + 1


def _existing(year: int, month: int, day: int) -> frozenset[int]:
    return frozenset([day]) if 1 <= day <= length(year, month) else frozenset()


def _workday(year: int, month: int, day: int) -> frozenset[int]:
    """The day from Monday to Friday nearest to a day, without leaving the month."""
    last = length(year, month)
    if not 1 <= day <= last:
        return frozenset()
    weekday = _weekday(year, month, day)
    if weekday == SATURDAY:
        day += -1 if day > 1 else 2
    elif weekday == 1:
        day += 1 if day < last else -2
    return frozenset([day])


def _set(
    field: str, what: str, least: int, most: int, names: Mapping[str, int] | None = None
) -> frozenset[int]:
    """The values of a field of ``*``, values, ranges, lists and steps."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, f"step of the {what}", 1, most, {}) if slash else 1
        first_text, dash, last_text = span.partition("-")
        if span == "*":
            first, last = least, most
        else:
            first = _number(first_text, what, least, most, names or {})
            last = _number(last_text, what, least, most, names or {}) if dash else most if slash else first
        values = [*range(first, last + 1)]
        if last < first:  # it wraps around, as FRI-MON and 22-2 do
            values = [*range(first, most + 1), *range(least, last + 1)]
        found.update(values[::step])
    return frozenset(found)


def _number(text: str, what: str, least: int, most: int, names: Mapping[str, int]) -> int:
    number = names.get(text)
    if number is None and text.isascii() and text.isdigit() and len(text) <= 3:
        number = int(text)
    if number is None or not least <= number <= most:
        also = (
            f", or {'-'.join((min(names, key=names.__getitem__), max(names, key=names.__getitem__)))}"
            if names
            else ""
        )
        raise CronError(f"{what} {text!r} is not a number from {least} to {most}{also}")
    return number
