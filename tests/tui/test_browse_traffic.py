"""Browse at a glance: requests a second and errors beside the rows and in the detail."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from account import app_on, browsing, notes
from waiting import seen, until

from tui.screens.workbench import WorkbenchScreen
from tui.service_rows import Place
from tui.traffic import Traffic, failures

STEPS = 60


def row(environment: str, per_second: float, errors: int = 0) -> dict[str, Any]:
    """A row of `metrics`."""
    rates = {
        "requests": [0] * (STEPS - 1) + [20],
        "errors": [0] * (STEPS - 1) + [errors],
        "p50": [None] * (STEPS - 1) + [1.5],
        "p99": [None] * (STEPS - 1) + [31.0],
    }
    return {
        "service": "notes",
        "environment": environment,
        "requests_per_second": per_second,
        "rates": rates,
    }


def record(seq: int, message: str, line: int = 29) -> dict[str, Any]:
    """A record of the log that threw."""
    frame = {"function": "count", "file": "worker.js", "line": line, "column": 3}
    return {
        "seq": seq,
        "environment": "staging",
        "outcome": "exception",
        "eventTimestamp": 1_796_080_000_000 + seq,
        "event": {
            "request": {"method": "GET", "url": "http://notes.dev.localhost/a"},
            "response": {"status": 500},
        },
        "exceptions": [{"name": "TypeError", "message": message, "frames": [frame]}],
        "logs": [],
        "ray": "0",
        "scriptVersion": {"id": "notes-41"},
    }


async def test_rows_tell_requests_and_errors(tmp_path: Path) -> None:
    account = notes()
    account.metrics_rows = [row("production", 12.4), row("staging", 0.42, errors=3)]
    async with app_on(account, tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await until(pilot, lambda: "12/s v38" in seen(pilot))
        assert "✗ staging" in seen(pilot)
        assert "0.4/s v41" in seen(pilot)
        assert re.search(r"● staging +v13", seen(pilot)), "asked nothing"
        browse.service_tree.go_to(Place("notes"))
        await pilot.press("h")
        assert "▸ notes ✗" in seen(pilot), "a folded service shows its worst state"
        await pilot.press("S", "S")
        assert browse.service_tree.rows.groups[0].name == "notes", "what fails comes first"
        account.metrics_rows = []
        browse.look()
        await until(pilot, lambda: "▸ notes ✗" not in seen(pilot))


async def test_the_detail_tells_what_failed_and_leads_to_the_line(tmp_path: Path) -> None:
    account = notes()
    account.metrics_rows = [row("staging", 0.4, errors=3)]
    account.log_records = [record(1, "no text"), record(2, "no list", 13), record(3, "no text")]
    async with app_on(account, tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        browse.service_tree.go_to(Place("notes", "staging"))
        await until(pilot, lambda: "Errors last five minutes" in seen(pilot))
        text = seen(pilot)
        assert "req/s 0.4" in text
        assert "errors 15 %" in text
        assert "✗  2  TypeError: no text  worker.js:29" in text
        assert "✗  1  TypeError: no list  worker.js:13" in text
        lines = text.splitlines()
        line = next(number for number, one in enumerate(lines) if "worker.js:13" in one)
        await pilot.click(offset=(lines[line].index("worker.js:13") + 1, line))
        await until(pilot, lambda: isinstance(pilot.app.screen, WorkbenchScreen))
        await pilot.press("escape", "escape")
        browse.service_tree.go_to(Place("notes", "production"))
        await until(pilot, lambda: "Errors last" not in seen(pilot) and "req/s" not in seen(pilot))


def test_errors_that_say_the_same_are_one() -> None:
    found = failures([record(1, "a"), record(2, "b"), record(3, "a"), {**record(4, "a"), "outcome": "ok"}])
    assert [(each.words, each.times) for each in found] == [("TypeError: a", 3), ("TypeError: b", 1)]
    assert found[0].version_id == "notes-41"


def test_rates_are_short() -> None:
    rates = [Traffic(each, 0).rate for each in (0.0, 0.04, 0.42, 9.96, 12.4, 999, 1234)]
    assert rates == ["", "", "0.4/s", "10.0/s", "12/s", "999/s", "1.2k/s"]
