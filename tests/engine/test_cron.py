"""Cron expressions against the documentation's examples, and against looking at every minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cron import MONTHS, WEEKDAYS, CronError, parse

MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def times(expression: str, after: str, count: int = 1) -> list[str]:
    cron, moment = parse(expression), at(after)
    found = []
    for _ in range(count):
        following = cron.next(moment)
        assert following is not None
        found.append(following.strftime("%Y-%m-%d %H:%M"))
        moment = following
    return found


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("* * * * *", "2026-11-23 10:00:30", ["2026-11-23 10:01", "2026-11-23 10:02"]),
        ("*/30 * * * *", "2026-11-23 10:00", ["2026-11-23 10:30", "2026-11-23 11:00"]),
        ("45 * * * *", "2026-12-31 23:50", ["2027-01-01 00:45"]),
        ("0 17 * * sun", "2026-11-23", ["2026-11-29 17:00", "2026-12-06 17:00"]),
        ("10 7 * * mon-fri", "2026-11-27 08:00", ["2026-11-30 07:10"]),
        ("0 15 1 * *", "2026-11-23", ["2026-12-01 15:00"]),
        ("0 18 * * 6L", "2026-11-23", ["2026-11-27 18:00", "2026-12-25 18:00"]),
        ("0 18 * * friL", "2026-11-28", ["2026-12-25 18:00"]),
        ("59 23 LW * *", "2026-01-01", ["2026-01-30 23:59", "2026-02-27 23:59", "2026-03-31 23:59"]),
        ("0 0 L * *", "2028-02-01", ["2028-02-29 00:00", "2028-03-31 00:00"]),
        ("0 0 L-1 * *", "2026-02-01", ["2026-02-27 00:00"]),
        ("0 0 15W * *", "2026-08-01", ["2026-08-14 00:00", "2026-09-15 00:00"]),
        ("0 0 1W 8 *", "2026-07-30", ["2026-08-03 00:00"]),
        ("0 0 31W 5 *", "2026-05-01", ["2026-05-29 00:00"]),
        ("0 0 31W * *", "2026-04-01", ["2026-05-29 00:00"]),
        ("0 9 * * 2#1", "2026-11-23", ["2026-12-07 09:00"]),
        ("0 9 * * MON#5", "2026-11-23", ["2026-11-30 09:00", "2027-03-29 09:00"]),
        ("0 0 * * L", "2026-11-23", ["2026-11-28 00:00"]),
        ("0 0 * * FRI-MON", "2026-11-23", ["2026-11-27 00:00", "2026-11-28 00:00", "2026-11-29 00:00"]),
        ("0 22-2/2 * * *", "2026-11-23 23:00", ["2026-11-24 00:00", "2026-11-24 02:00", "2026-11-24 22:00"]),
        ("0 0 29 2 *", "2026-03-01", ["2028-02-29 00:00"]),
        ("0 0 13 * FRI", "2026-11-23", ["2026-11-27 00:00", "2026-12-04 00:00", "2026-12-11 00:00"]),
        ("5/20 0 1 JAN,jul *", "2026-06-01", ["2026-07-01 00:05", "2026-07-01 00:25", "2026-07-01 00:45"]),
        ("0 0 * 2 2#5", "2026-03-01", ["2044-02-29 00:00"]),
    ],
)
def test_next(expression: str, after: str, expected: list[str]) -> None:
    assert times(expression, after, len(expected)) == expected


def test_a_day_that_never_comes() -> None:
    assert parse("0 0 30 2 *").next(at("2026-01-01")) is None


def test_other_time_zones_are_converted() -> None:
    found = parse("0 12 * * *").next(datetime.fromisoformat("2026-11-23T12:30:00+01:00"))
    assert found == at("2026-11-23 12:00")


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "0 fields"),
        ("* * * *", "4 fields"),
        ("* * * * * *", "6 fields"),
        ("60 * * * *", "minute '60' is not a number from 0 to 59"),
        ("* 24 * * *", "hour '24'"),
        ("* * 0 * *", "day '0'"),
        ("* * 32W * *", "day '32'"),
        ("* * 1W,2 * *", "day '1W'"),
        ("* * L-31 * *", "at most 30"),
        ("* * * 13 *", "month '13' is not a number from 1 to 12, or JAN-DEC"),
        ("* * * * 0", "weekday '0' is not a number from 1 to 7, or SUN-SAT"),
        ("* * * * 8", "weekday '8'"),
        ("* * * * MON#6", "#"),
        ("*/0 * * * *", "step"),
        ("1- * * * *", "minute ''"),
        ("1,,2 * * * *", "minute ''"),
        ("-1 * * * *", "minute ''"),
        ("a * * * *", "minute 'A'"),
        ("? * * * *", "minute"),
        ("١ * * * *", "minute"),
    ],
)
def test_what_is_no_expression_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(CronError) as caught:
        parse(expression)
    assert reason in str(caught.value)


# ---------------------------------------------------------------- against every minute


def spans(
    least: int, most: int, names: dict[str, int] | None = None
) -> st.SearchStrategy[tuple[str, set[int]]]:
    """One part of a field, with the values it means."""

    def word(number: int, named: bool) -> str:
        known = {value: name for name, value in (names or {}).items()}
        return known[number] if named and known else str(number)

    def made(first: int, last: int, step: int, named: bool, shape: int) -> tuple[str, set[int]]:
        whole = [*range(least, most + 1)]
        if shape == 0:
            return "*", set(whole)
        if shape == 1:
            return f"*/{step}", set(whole[::step])
        if shape == 2:
            return word(first, named), {first}
        if shape == 3:
            return f"{word(first, named)}/{step}", {*range(first, most + 1, step)}
        values = []
        number = first
        while True:
            values.append(number)
            if number == last:
                break
            number = number + 1 if number < most else least
        if shape == 4:
            return f"{word(first, named)}-{word(last, named)}", set(values)
        return f"{word(first, named)}-{word(last, named)}/{step}", set(values[::step])

    numbers = st.integers(least, most)
    return st.builds(made, numbers, numbers, st.integers(1, most), st.booleans(), st.integers(0, 5))


def fields(
    least: int, most: int, names: dict[str, int] | None = None
) -> st.SearchStrategy[tuple[str, set[int]]]:
    def joined(parts: list[tuple[str, set[int]]]) -> tuple[str, set[int]]:
        return ",".join(text for text, _ in parts), set().union(*(values for _, values in parts))

    return st.lists(spans(least, most, names), min_size=1, max_size=3).map(joined)


def weekday(moment: datetime) -> int:
    return moment.isoweekday() % 7 + 1


def days_left(moment: datetime) -> int:
    """Days of its month that come after it."""
    count = 0
    while (moment + timedelta(days=count + 1)).month == moment.month:
        count += 1
    return count


def nearest_workday(year: int, month: int, day: int) -> datetime | None:
    """By trying: the workdays of the month, nearest first."""
    try:
        wanted = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    near = [wanted + timedelta(days=offset) for offset in (0, -1, 1, -2, 2)]
    return next(each for each in near if each.month == month and 1 < weekday(each) < 7)


#: Days by a rule: the field, and whether a date fits.
DAY_RULES = st.one_of(
    st.just(("L", lambda moment: days_left(moment) == 0)),
    st.integers(0, 30).map(lambda n: (f"L-{n}", lambda moment: days_left(moment) == n)),
    st.integers(1, 31).map(
        lambda n: (
            f"{n}W",
            lambda moment: (
                (found := nearest_workday(moment.year, moment.month, n)) is not None
                and found.day == moment.day
            ),
        )
    ),
    fields(1, 31).map(lambda pair: (pair[0], lambda moment: moment.day in pair[1])),
)
WEEKDAY_RULES = st.one_of(
    st.just(("L", lambda moment: weekday(moment) == 7)),
    st.integers(1, 7).map(lambda n: (f"{n}L", lambda moment: weekday(moment) == n and days_left(moment) < 7)),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(
        lambda pair: (
            f"{pair[0]}#{pair[1]}",
            lambda moment: weekday(moment) == pair[0] and (moment.day - 1) // 7 + 1 == pair[1],
        )
    ),
    fields(1, 7, dict(WEEKDAYS)).map(lambda pair: (pair[0], lambda moment: weekday(moment) in pair[1])),
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@settings(max_examples=150, deadline=None)
@given(fields(0, 59), fields(0, 23), MOMENTS)
def test_times_of_day(minutes: tuple[str, set[int]], hours: tuple[str, set[int]], after: datetime) -> None:
    found = parse(f"{minutes[0]} {hours[0]} * * *").next(after)
    moment = after.replace(second=0, microsecond=0) + MINUTE
    while not (moment.minute in minutes[1] and moment.hour in hours[1]):
        moment += MINUTE
    assert found == moment


@settings(max_examples=150, deadline=None)
@given(DAY_RULES, fields(1, 12, dict(MONTHS)), WEEKDAY_RULES, MOMENTS)
def test_days(day, months, of_week, after) -> None:
    found = parse(f"0 0 {day[0]} {months[0]} {of_week[0]}").next(after)

    def fits(moment: datetime) -> bool:
        if moment.month not in months[1]:
            return False
        if day[0] == "*":
            return bool(of_week[1](moment))
        if of_week[0] == "*":
            return bool(day[1](moment))
        return bool(day[1](moment) or of_week[1](moment))

    moment = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(366 * 9):
        moment += timedelta(days=1)
        if fits(moment):
            assert found == moment
            return
    assert found is None or found > moment
