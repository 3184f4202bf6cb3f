"""Numbers as the screens write them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tui import format

NOW = datetime(2026, 11, 23, 14, 2, 11, 204_000, UTC)


def before(**span: float) -> str:
    return (NOW - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("span", "table", "prose"),
    [
        ({"seconds": 0}, "0s", "0 s"),
        ({"seconds": 59}, "59s", "59 s"),
        ({"minutes": 12}, "12m", "12 min"),
        ({"hours": 3, "minutes": 59}, "3h", "3 h"),
        ({"days": 6}, "6d", "6 d"),
        ({"days": 364}, "364d", "364 d"),
        ({"days": 800}, "2y", "2 y"),
        ({"seconds": -30}, "0s", "0 s"),  # another machine's clock is ahead
    ],
)
def test_ages(span: dict[str, float], table: str, prose: str) -> None:
    assert format.age(before(**span), NOW) == table
    assert format.ago(before(**span), NOW) == prose


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0.04, "0.0 ms"),
        (0.4, "0.4 ms"),
        (14.2, "14.2 ms"),
        (999.94, "999.9 ms"),
        (999.96, "1.00 s"),
        (1240, "1.24 s"),
        (59_994, "59.99 s"),
        (60_000, "1 min"),
        (120_000, "2 min"),
        (None, "–"),
    ],
)
def test_durations(milliseconds: float | None, text: str) -> None:
    assert format.duration(milliseconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (121, "121 B"),
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (1639, "1.6 KB"),
        (10 * 1024, "10 KB"),
        (212 * 1024, "212 KB"),
        (1024 * 1024 - 1, "1.0 MB"),
        (int(5.6 * 1024 * 1024), "5.6 MB"),
        (25 * 1024 * 1024, "25 MB"),
        (2 * 1024**3, "2.0 GB"),
        (5000 * 1024**4, "5,000 TB"),
        (None, "–"),
    ],
)
def test_sizes(count: int | None, text: str) -> None:
    assert format.size(count) == text


def test_counts() -> None:
    assert format.count(1284) == "1,284"
    assert format.count(12_400) == "12,400"
    assert format.count(9_999, compact=True) == "9,999"
    assert format.count(12_400, compact=True) == "12.4k"
    assert format.count(999_960, compact=True) == "1.0M"
    assert format.count(None) == "–"
    assert format.plural(1, "module") == "1 module"
    assert format.plural(3, "module") == "3 modules"
    assert format.plural(2, "entry", "entries") == "2 entries"


@pytest.mark.usefixtures("_berlin")
def test_clocks_are_local() -> None:
    iso = "2026-11-23T14:02:11.204000Z"
    assert format.clock(iso) == "15:02:11"
    assert format.clock(iso, milliseconds=True) == "15:02:11.204"
    assert format.time_of_day(NOW) == "15:02:11"
    assert format.day(iso, NOW) == "23 Nov 15:02"
    assert format.day("2025-03-09T08:12:00.000000Z", NOW) == "09 Mar 2025"


def test_nothing_is_a_dash() -> None:
    for words in (format.age, format.ago, format.clock, format.day, format.percent, format.version):
        assert words(None) == "–"
    assert format.time_of_day(None) == "–"


def test_percent_and_version() -> None:
    assert format.percent(0.3) == "0.3 %"
    assert format.percent(100.0) == "100 %"
    assert format.version(41) == "v41"
