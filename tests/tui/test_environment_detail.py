"""The first lines of an environment's detail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from test_browse_traffic import row
from textual.app import App
from textual.widgets import Static

from tui.widgets.environment_detail import overview
from tui.widgets.numbers import Minutes, Numbers


def test_quarantine_is_a_line_of_its_own() -> None:
    at = (datetime.now(UTC) - timedelta(minutes=3)).isoformat()
    deployment = {"created_on": at, "author": "ana", "versions": [{"number": 7, "percentage": 100}]}
    detail = {"urls": ["http://a.dev.localhost:8787"], "deployments": [deployment], "quarantine": None}
    assert len(overview(detail).plain.splitlines()) == 2
    detail["quarantine"] = {"version_id": "x", "number": 7, "since": at, "last_on": at, "crashes": 2}
    lines = overview(detail).plain.splitlines()
    assert lines[2] == "quarantine V8 ended in v7 2 times, last 3 min ago; it runs in a process of its own"


async def test_numbers_may_come_before_their_widgets_are_on_the_screen() -> None:
    app = App[None]()
    async with app.run_test() as pilot:
        numbers = Numbers()
        app.mount(numbers)
        numbers.show(Minutes.read([row("production", 12.4)]))
        await pilot.pause()
        assert "12.4" in str(app.query_one("#requests-said", Static).content)
