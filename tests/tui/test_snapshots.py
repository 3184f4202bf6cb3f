"""Pictures of a few screens, compared to the letter.

`pytest tests/tui/test_snapshots.py --snapshot-update` makes them anew; look at them before a commit.
(`tests/pictures` paints every screen, to be looked at.)
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest
from account import Account, app_on, browsing
from test_browse_traffic import record, row
from textual.pilot import Pilot
from waiting import until

from tui import format
from tui.screens.settings import SettingsScreen
from tui.service_rows import Place

Compare = Callable[..., bool]
Before = Callable[[Pilot[None]], Awaitable[None]]
NOW = datetime(2026, 11, 23, 16, 2, 11, tzinfo=UTC)
STAGING, PRODUCTION = Place("notes", "staging"), Place("notes", "production")


class StandingClock(datetime):
    """It is always the same moment."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        """Two hours after everything was deployed."""
        return NOW.astimezone(tz)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Time stands still, in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(format, "datetime", StandingClock)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def account() -> Account:
    """Three services; one environment fails."""
    found = Account(
        auth={"production": 12, "staging": 13},
        gateway={"production": 27, "pr-142": 29},
        notes={"production": 38, "ana-dev": None, "staging": 41},
    )
    found.metrics_rows = [row("production", 12.4), row("staging", 0.42, errors=3)]
    found.log_records = [record(1, "no text"), record(2, "no list", 13), record(3, "no text")]
    return found


def at(place: Place, *keys: str, shows: Callable[[Any], object] | None = None) -> Before:
    """Go to a row of Browse, press keys, and wait for what they show."""

    async def before(pilot: Pilot[None]) -> None:
        browse = await browsing(pilot)
        browse.service_tree.go_to(place)
        if place.environment is not None:
            await until(pilot, lambda: browse.detail(place))
            await until(pilot, lambda: browse.query("Numbers"))
        await pilot.press(*keys)
        if shows is not None:
            await until(pilot, lambda: shows(pilot.app.screen))
        pilot.app.cursor_blink = False
        await pilot.pause(0.2)

    return before


@pytest.mark.parametrize(
    ("name", "size", "theme", "before"),
    [
        ("browse", (120, 40), "dusk", at(STAGING)),
        ("browse-narrow-light", (80, 24), "paper", at(STAGING)),
        ("keys", (120, 40), "okabe", at(STAGING, "question_mark")),
        ("delete-production", (80, 24), "contrast", at(PRODUCTION, "x")),
        (
            "settings",
            (120, 40),
            "dusk",
            at(STAGING, "s", shows=lambda screen: isinstance(screen, SettingsScreen) and screen.loaded),
        ),
        ("sixteen-colours-ASCII", (80, 24), "ansi", at(STAGING)),
    ],
    ids=lambda value: value if isinstance(value, str) else ".",
)
def test_looks(
    snap_compare: Compare,
    account: Account,
    tmp_path: Path,
    name: str,
    size: tuple[int, int],
    theme: str,
    before: Before,
) -> None:
    app = app_on(account, tmp_path, theme=theme, ascii="ASCII" in name)
    assert snap_compare(app, terminal_size=size, run_before=before)
