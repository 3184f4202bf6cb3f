"""The logs screen: what is kept, what comes, what is shown of it, and the way to the code."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from bench_app import Bench
from fake_engine import FakeEngine
from textual.widgets import Static
from waiting import seen

from tui.app import SvcApp
from tui.client import Engine
from tui.log_records import ERROR, LogFilter, LogRecord
from tui.options import Options
from tui.screens.dialogs.keys import KeysDialog
from tui.screens.logs import LogsScreen
from tui.screens.workbench import WorkbenchScreen
from tui.widgets.log_view import KEPT, LogView
from tui.widgets.numbers import Minutes

Json = dict[str, Any]
START = 1_795_442_531_204


def record(
    seq: int, path: str = "/notes", status: int = 200, environment: str = "staging", **more: Any
) -> Json:
    """A record as the engine tells it."""
    url = f"http://{environment}.notes.dev.localhost{path}"
    event = {"request": {"method": more.pop("method", "GET"), "url": url}, "response": {"status": status}}
    return {
        "seq": seq,
        "environment": environment,
        "outcome": "ok",
        "eventTimestamp": START + 370 * seq,
        "wallTime": 4.4,
        "cpuTime": 1.0,
        "ray": f"{seq:016x}",
        "event": event,
        "logs": [],
        "exceptions": [],
        "scriptVersion": {"id": "version-41"},
        **more,
    }


def said(level: str, text: str) -> Json:
    return {"level": level, "message": [text], "file": "worker.js", "line": 3, "column": 5}


def broken(seq: int) -> Json:
    frames = [{"function": "count", "file": "lib/words.js", "line": 1, "column": 7}]
    error = {"name": "TypeError", "message": "reading 'split'", "frames": frames}
    return record(seq, "/notes/23", 500, outcome="exception", exceptions=[error])


class LoggingEngine(FakeEngine):
    """Keeps records, and tells of new ones."""

    def __init__(self, state: Path, kept: Sequence[Json]) -> None:
        super().__init__(state)
        self.kept = list(kept)
        self.asked: list[Json] = []
        self.coming: asyncio.Queue[Json] = asyncio.Queue()

    async def logs(
        self,
        service: str,
        environment: str | None,
        *,
        filters: Sequence[Json] = (),
        limit: int = 100,
        before: int | None = None,
    ) -> tuple[list[Json], int | None]:
        self.asked.append({"environment": environment, "filters": list(filters), "before": before})
        theirs = [
            each
            for each in self.kept
            if environment in (None, each["environment"]) and (before is None or each["seq"] < before)
        ]
        page = theirs[-limit:]
        return page, page[0]["seq"] if len(theirs) > limit else None

    async def log_stream(self, service: str, environment: str | None) -> AsyncIterator[Json]:
        yield {}
        while True:
            yield await self.coming.get()

    async def metrics(self, service: str | None = None, *, recent: bool = False) -> list[Json]:
        if service is None:
            return []
        rates = {"requests": [0, 8, 2], "errors": [0, 1, 0], "p50": [None, 4, 9], "p99": [None, 31, 12]}
        return [
            {"environment": name, "requests_per_second": 1.5, "rates": rates}
            for name in ("production", "staging")
        ]

    def tell(self, *records: Json) -> None:
        for each in records:
            self.coming.put_nowait(each)


class Logs(Bench):
    """A running app with the logs in front."""

    engine: LoggingEngine
    screen: LogsScreen  # type: ignore[assignment]

    @property
    def view(self) -> LogView:
        return self.screen.view

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.view.records]


@asynccontextmanager
async def following(
    state: Path, kept: Sequence[Json], environment: str | None = "staging", size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Logs]:
    """The app, with the logs of `notes` loaded."""
    app = SvcApp(Options(state=state))
    fake = LoggingEngine(state, kept)
    app.engine = app.feed.engine = cast("Engine", fake)
    async with app.run_test(size=size) as pilot:
        screen = LogsScreen("notes", environment)
        await app.push_screen(screen)
        found = Logs(app, pilot, fake, cast("WorkbenchScreen", screen))
        await found.until(lambda: screen._live and (screen.view.count or not kept))
        yield found


KEPT_RECORDS = [
    record(1, "/notes/17"),
    broken(2),
    record(3, "/notes", 409, method="POST", logs=[said("log", "at most 500 notes")]),
    record(4, "/notes/9", 302, logs=[said("warn", "old token format")]),
    record(5, "/elsewhere", environment="production"),
]


@pytest.mark.parametrize(
    ("typed", "level", "found"),
    [
        ("", "all", [1, 2, 3, 4, 5]),
        ("status>=400", "all", [2, 3]),
        ("status:3xx", "all", [4]),
        ("method:post", "all", [3]),
        ("level:warn", "all", [4]),
        ("NOTES 500", "all", [3]),
        ("split", "all", [2]),
        ("env:production", "all", [5]),
        ("outcome:exception", "all", [2]),
        ("ray:0000000000000004", "all", [4]),
        ("", "warn", [2, 4]),
        ("", "error", [2]),
    ],
)
def test_filters(typed: str, level: str, found: list[int]) -> None:
    chosen = LogFilter(typed, level)
    assert [each["seq"] for each in KEPT_RECORDS if chosen.passes(LogRecord(each))] == found


def test_a_filter_that_is_not_understood_says_what_to_write() -> None:
    assert "status>=400" in LogFilter("status=many").trouble
    assert LogFilter("status>=400 x").filters == ({"status": "400-999"}, {"text": "x"})


def test_numbers_of_several_environments() -> None:
    rates = {"requests": [0, 8], "errors": [0, 1], "p50": [None, 4], "p99": [None, 31]}
    other = {"requests": [2, 2], "errors": [0, 0], "p50": [1, 9], "p99": [3, 40]}
    rows = [{"requests_per_second": 1, "rates": each} for each in (rates, other)]
    minutes = Minutes.read(rows)
    assert (minutes.requests, minutes.p50, minutes.p99) == ([2, 10], [1, 5], [3, 40])
    assert "8.3 %" in minutes.headline("errors")
    assert Minutes.read([]).silent


async def test_what_is_kept_and_what_comes(tmp_path: Path) -> None:
    async with following(tmp_path, KEPT_RECORDS) as it:
        assert it.paths == ["/notes/17", "/notes/23", "/notes", "/notes/9"]
        shown = seen(it.pilot)
        assert "TypeError: reading 'split'  lib/words.js:1" in shown
        assert "! old token format" in shown
        assert "4 records" in str(it.screen.tail.bottom)
        await it.until(lambda: "31.0 ms" in str(it.screen.query_one("#p99-said", Static).content))

        it.engine.tell(record(6, "/new"))
        await it.until(lambda: it.paths[-1:] == ["/new"])
        assert it.view.follows
        assert it.view.cursor == 4

        # Held still: what comes waits, and is not lost.
        await it.press("space")
        it.engine.tell(record(7, "/held"), {"left_out": 3})
        await it.until(lambda: "1 new" in str(it.screen.tail.bottom))
        assert "3 left out" in str(it.screen.tail.bottom)
        assert it.paths[-1] == "/new"
        await it.press("space")
        await it.until(lambda: it.paths[-1] == "/held")

        # Reading above: the newest does not take the cursor away.
        await it.press("home")
        it.engine.tell(record(8, "/later"))
        await it.until(lambda: it.paths[-1] == "/later")
        assert it.view.cursor == 0
        await it.press("G")
        assert it.view.follows

        await it.press("a")
        await it.until(lambda: "/elsewhere" in it.paths)
        assert "▲ production" in seen(it.pilot)
        await it.press("a")
        await it.until(lambda: "/elsewhere" not in it.paths)

        await it.press("c")
        assert it.paths == []
        assert "Cleared" in seen(it.pilot)
        it.engine.tell(record(9, "/after"))
        await it.until(lambda: it.paths == ["/after"])


async def test_filter_levels_and_errors(tmp_path: Path) -> None:
    async with following(tmp_path, KEPT_RECORDS) as it:
        await it.press("x")
        await it.until(lambda: it.paths == ["/notes/23"])
        assert it.engine.asked[-1]["filters"] == [{"least": ERROR}]
        await it.press("x")
        await it.until(lambda: len(it.paths) == 4)
        await it.press("v")
        await it.until(lambda: it.paths == ["/notes/23", "/notes/9"])
        await it.press("escape")
        await it.until(lambda: len(it.paths) == 4)

        await it.press("slash", *"status>=400")
        await it.until(lambda: it.paths == ["/notes/23", "/notes"])
        it.engine.tell(record(6, "/fine"), record(7, "/bad", 404))
        await it.until(lambda: it.paths[-1] == "/bad")
        assert "/fine" not in it.paths
        await it.press("enter")
        assert it.view.has_focus
        await it.press("home", "n")
        assert it.view.cursor == 0  # the only one that went wrong is above: nothing after it
        await it.until(lambda: "Nothing went wrong after this." in it.toasts)
        await it.press("G", "N")
        assert it.view.row is not None
        assert it.view.row.record.path == "/notes/23"
        await it.press("escape", "slash", *"nowhere")
        await it.until(lambda: "Nothing that is kept fits" in seen(it.pilot))
        await it.press("question_mark", "escape", "escape", "question_mark")
        await it.until(lambda: isinstance(it.app.screen, KeysDialog))


async def test_a_record_unfolds_and_leads_to_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr("platformdirs.user_downloads_dir", lambda: str(tmp_path / "downloads"))

    async def copy(app: Any, text: str) -> bool:
        copied.append(text)
        return True

    monkeypatch.setattr("tui.clipboard.copy", copy)
    async with following(tmp_path, KEPT_RECORDS) as it:
        await it.press("home", "j", "enter")
        assert [row.detail.kind for row in it.view.rows if row.detail] == ["fact", "exception", "frame"]
        assert "at count  lib/words.js:1:7" in seen(it.pilot)
        await it.press("y")
        await it.until(lambda: copied)
        assert "TypeError: reading 'split'" in copied[0]
        assert "at count  lib/words.js:1:7" in copied[0]
        await it.press("j", "h")
        assert len(it.view.rows) == 4
        assert it.view.cursor == 1
        await it.press("l", "h")
        await it.press("s")
        saved = tmp_path / "downloads/notes-staging-logs.ndjson"
        await it.until(lambda: it.toasts and "Saved 4 records" in it.toasts[-1])
        assert [json.loads(line)["seq"] for line in saved.read_text().splitlines()] == [1, 2, 3, 4]

        await it.press("o")
        await it.until(lambda: isinstance(it.app.screen, WorkbenchScreen) and it.app.screen.loaded)
        bench = it.app.screen
        assert isinstance(bench, WorkbenchScreen)
        await it.until(lambda: bench.editor_pane.current == "lib/words.js")
        assert bench.editor_pane.editor is not None
        assert bench.editor_pane.editor.cursor_location == (0, 6)
        # From the workbench and back to it: the same one, not a second on top.
        await it.press("alt+w")
        await it.until(lambda: isinstance(it.app.screen, LogsScreen) and it.app.screen.view.count)
        logs = it.app.screen
        assert isinstance(logs, LogsScreen)
        await it.press("G", "o")
        await it.until(lambda: it.app.screen is bench and bench.editor_pane.current == "worker.js")
        assert bench.editor_pane.editor.cursor_location == (2, 4)


async def test_older_pages_and_the_bound(tmp_path: Path) -> None:
    kept = [record(n, f"/{n}") for n in range(1, 1_201)]
    async with following(tmp_path, kept) as it:
        assert it.view.count == 500
        await it.press("home")
        assert it.paths[0] == "/701"
        await it.press("home")
        await it.until(lambda: it.view.count == 1_000)
        assert it.view.row is not None
        assert it.view.row.record.path == "/701"  # the row under the cursor stays
        await it.press("home", "up")
        await it.until(lambda: it.view.count == 1_200)
        await it.press("home", "home")
        await it.until(lambda: any("oldest record" in toast for toast in it.toasts))

        # Ten thousand in one go are one repaint, and the oldest give way.
        await it.press("G")
        it.engine.tell(*(record(n, f"/{n}") for n in range(2_000, 2_000 + KEPT + 2_000)))
        await it.until(lambda: it.paths[-1:] == [f"/{2_000 + KEPT + 1_999}"])
        assert KEPT <= it.view.count <= KEPT + 1_000
        assert it.view.follows
