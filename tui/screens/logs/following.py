"""How the logs screen keeps up: what is kept, what comes, what was counted.

Records come faster than anybody reads. They are put on a list as they come and shown ten times a second;
while nothing comes nothing is painted, and the numbers are not asked for.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import Any

from textual import work

from tui.client import EngineAway, EngineError
from tui.format import count
from tui.log_records import LogFilter, LogRecord
from tui.markup import escape
from tui.messages import Change, Connected
from tui.screens.base import SvcScreen
from tui.widgets.log_view import KEPT, TICK, LogView
from tui.widgets.numbers import Minutes, Numbers
from tui.widgets.pane import Pane

#: Records of one page of what is kept.
PAGE = 500
#: Seconds until the stream is tried again, and between two looks at the numbers: one step of theirs.
AGAIN, STEP = 2.0, 5.0
#: Seconds without a record until the rate in the top bar is taken away.
QUIET = 2.0
#: Seconds before `loading…` is shown.
PATIENCE = 0.3
LONGEST_NAME = 14


class FollowingScreen(SvcScreen[None]):
    """State of the logs screen.

    Args:
        service: The service.
        environment: The environment; None for all of the service.
    """

    def __init__(self, service: str, environment: str | None) -> None:
        super().__init__()
        self.service, self.environment = service, environment
        self.chosen = LogFilter()
        self.paused = False
        self.waiting: deque[LogRecord] = deque(maxlen=KEPT)
        self.missed = 0
        """Records that nobody will see here: too fast for the stream, or for the list while it is paused."""
        self.older: int | None = None
        """Where the page before the oldest record ends; None at the beginning."""
        self.trouble = ""
        self._last = 0
        self._due = False
        self._live = False
        self._arrived: deque[tuple[float, int]] = deque()
        self._fresh = True
        self._names = 0

    @property
    def view(self) -> LogView:
        """The list."""
        return self.query_one(LogView)

    @property
    def tail(self) -> Pane:
        """Pane 2."""
        return self.query_one("#tail", Pane)

    # ------------------------------------------------------------------ what comes

    @work(exclusive=True, group="follow")
    async def follow(self) -> None:
        """Take what comes, until the screen is left."""
        while True:
            try:
                async for event in self.svc.engine.log_stream(self.service, self.environment):
                    if not event:
                        self._live, self.trouble = True, ""
                        self.load()  # what comes from here on is not missed
                        self.say_state()
                    elif "left_out" in event:
                        self.missed += event["left_out"]
                        self._soon()
                    else:
                        self.take(LogRecord(event))
            except EngineAway as away:
                self.trouble = "" if self.svc.engine_state.stale else away.reason
            except EngineError as error:
                self.trouble = error.message
            self._live = False
            self.say_state()
            await asyncio.sleep(AGAIN)

    def take(self, record: LogRecord) -> None:
        """A record has come."""
        if record.seq <= self._last:
            return
        self._last = record.seq
        self._fresh = True
        now = monotonic()
        if self._arrived and now - self._arrived[-1][0] < TICK:
            self._arrived[-1] = (self._arrived[-1][0], self._arrived[-1][1] + 1)
        else:
            self._arrived.append((now, 1))
        if self.chosen.passes(record):
            if len(self.waiting) == KEPT:
                self.missed += 1
            self.waiting.append(record)
        self._soon()

    def _soon(self) -> None:
        if not self._due:
            self._due = True
            self.set_timer(TICK, self._show_waiting)

    def _show_waiting(self) -> None:
        self._due = False
        if not self.paused and self.waiting:
            batch = list(self.waiting)
            self.waiting.clear()
            self._widen(batch)
            self.view.extend(batch)
        self.say_state()
        self.set_timer(QUIET, self.say_state, name="quiet")

    # ------------------------------------------------------------------ what is kept

    @work(exclusive=True, group="load")
    async def load(self) -> None:
        """Read the newest of what is kept and fits the filter."""
        slow = self.set_timer(PATIENCE, self._loading)
        try:
            found, self.older = await self._read(None)
        except (EngineAway, EngineError) as error:
            # The stream says so where the engine is away.
            if isinstance(error, EngineError):
                self.trouble = error.message
                self.say_state()
            return
        finally:
            slow.stop()
        newest = found[-1].seq if found else 0
        self._last = max(self._last, newest)
        came = [one for one in self.waiting if one.seq > newest and self.chosen.passes(one)]
        self.waiting.clear()
        self._widen([*found, *came])
        self.view.empty = self.nothing()
        self.view.show([*found, *came])
        self.say_state()

    @work(exclusive=True, group="older")
    async def load_older(self) -> None:
        """Read the page before the oldest record."""
        records = self.view.records
        if self.older is None or len(records) >= KEPT - PAGE:
            if records:
                self.notify(
                    "This is the oldest record that is kept and fits the filter."
                    if self.older is None
                    else "The list is full: a filter, or s, shows more of what is kept."
                )
            return
        try:
            found, self.older = await self._read(min(self.older, records[0].seq) if records else self.older)
        except (EngineAway, EngineError) as error:
            self.notify(escape(str(error)), severity="error")
            return
        self._widen(found)
        self.view.put_before(found)
        self.say_state()

    async def _read(self, before: int | None) -> tuple[list[LogRecord], int | None]:
        environment = self.environment or self.chosen.environment
        raw, older = await self.svc.engine.logs(
            self.service, environment, filters=self.chosen.filters, limit=PAGE, before=before
        )
        records = [LogRecord(each) for each in raw]
        return [record for record in records if self.chosen.passes(record)], older

    def _widen(self, records: list[LogRecord]) -> None:
        """The column of names is as wide as the longest of them."""
        if self.environment is None:
            longest = max((len(record.environment) for record in records), default=0)
            self._names = min(LONGEST_NAME, max(self._names, longest, 6))
        self.view.names = self._names if self.environment is None else 0

    def _loading(self) -> None:
        self.tail.bottom = "loading…"

    # ------------------------------------------------------------------ what was counted

    def count_now(self) -> None:
        """Ask for the numbers, if somebody sees them and there may be other ones."""
        if self.is_current and self._fresh and not self.svc.engine_state.stale:
            self._count()

    @work(exclusive=True, group="numbers")
    async def _count(self) -> None:
        try:
            rows = await self.svc.engine.metrics(self.service)
        except (EngineAway, EngineError):
            return  # the list says what is wrong
        mine = [row for row in rows if self.environment in (None, row["environment"])]
        minutes = Minutes.read(mine)
        self._fresh = not minutes.silent  # else they are asked for again when a record comes
        self.query_one(Numbers).show(minutes)

    # ------------------------------------------------------------------ what is said of it

    def nothing(self) -> str:
        """What an empty list says, markup."""
        if not self.chosen.everything:
            return "Nothing that is kept fits the filter.  [b $accent]esc[/] shows everything"
        where = self.environment or self.service
        return f"[$muted]Nothing was asked of {where} yet. What it answers and logs shows up here.[/]"

    def say_state(self) -> None:
        """How much there is, and whether more comes; nothing is painted when it is as before."""
        if not self.is_mounted:
            return
        parts = [f"{count(self.view.count)} {'record' if self.view.count == 1 else 'records'}"]
        if self.paused:
            parts = [f"[b $warning]paused[/], {count(len(self.waiting))} new", *parts]
        if self.missed:
            parts.append(f"[$warning]{count(self.missed)} left out[/]")
        if self.trouble:
            parts = [f"[$error]✗ {escape(self.trouble)}[/]"]
        self.tail.bottom = "  ".join(parts)
        self.marks = self._said_rate()

    def _said_rate(self) -> str:
        """`● live  23/s`; plain on production's filled bar."""
        now = monotonic()
        while self._arrived and self._arrived[0][0] < now - QUIET:
            self._arrived.popleft()
        rate = sum(number for _, number in self._arrived) / QUIET
        words = f" {count(round(rate))}/s" if rate >= 1 else ""
        if self.paused:
            return "‖ paused" + words
        if not self._live:
            return "◐ waiting"
        return f"● live{words}" if self.production else f"[$success]●[/] live[$muted]{words}[/]"

    # ------------------------------------------------------------------ what happens to it

    def account_changed(self, event: Connected | Change) -> None:
        """Follow the environment when it is renamed; leave when it is gone."""
        if isinstance(event, Connected):
            self.follow()
            self._fresh = True
            return
        if event.service != self.service:
            return
        gone = event.kind == "service.deleted" or (
            event.kind == "environment.deleted" and event.environment == self.environment
        )
        if gone:
            self.notify(f"{escape(event.service)} › {escape(event.environment or '')} was deleted.")
            self.dismiss()
        elif event.old_environment and event.old_environment == self.environment and event.environment:
            self.environment = event.environment
            self.say_where()
            self.follow()

    def say_where(self) -> None:
        """Title and crumb."""
        self.production = self.environment == "production"
        name: Any = escape(self.environment or "all environments")
        self.crumb = f"{escape(self.service)} › {name if self.production else f'[b]{name}[/]'} › logs"
        self.query_one("#numbers-pane", Pane).bottom = str(name)
