"""What was counted in the last minutes: requests, errors and latency, a sparkline each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Sparkline, Static

from tui import format

Json = dict[str, Any]
NAMES = ("requests", "errors", "p50", "p99")


@dataclass(frozen=True)
class Minutes:
    """The last minutes of one or several environments, a number a step, the newest last."""

    requests: Sequence[float] = ()
    errors: Sequence[float] = ()
    p50: Sequence[float] = ()
    p99: Sequence[float] = ()
    per_second: float = 0.0

    @classmethod
    def read(cls, rows: Sequence[Json]) -> Minutes:
        """Of the rows of `metrics`: requests are added up; p50 is weighted by them, p99 the slowest."""
        if not rows:
            return cls()
        rates = [row["rates"] for row in rows]
        steps = range(len(rates[0]["requests"]))
        requests = [sum(each["requests"][n] for each in rates) for n in steps]
        middle = [sum((each["p50"][n] or 0) * each["requests"][n] for each in rates) for n in steps]
        return cls(
            requests,
            [sum(each["errors"][n] for each in rates) for n in steps],
            [total / count if count else 0.0 for total, count in zip(middle, requests, strict=True)],
            [max(each["p99"][n] or 0.0 for each in rates) for n in steps],
            sum(row["requests_per_second"] for row in rows),
        )

    @property
    def silent(self) -> bool:
        """Whether nothing was asked."""
        return not any(self.requests)

    def headline(self, name: str) -> str:
        """A number for all of these minutes, markup."""
        total = sum(self.requests)
        if name == "requests":
            said = f"{self.per_second:,.1f}" if self.per_second < 100 else f"{self.per_second:,.0f}"
            return f"[$muted]req/s[/] [b]{said if total else format.NONE}[/]"
        if name == "errors":
            share = format.percent(round(100 * sum(self.errors) / total, 1)) if total else format.NONE
            tone = "$error" if any(self.errors) else "$foreground"
            return f"[$muted]errors[/] [b {tone}]{share}[/]"
        values = self.p50 if name == "p50" else self.p99
        if not total:
            return f"[$muted]{name}[/] [b]{format.NONE}[/]"
        if name == "p50":
            found = sum(v * n for v, n in zip(values, self.requests, strict=True)) / total
        else:
            found = max(values)
        return f"[$muted]{name}[/] [b]{format.duration(found)}[/]"


class Numbers(Horizontal):
    """Four headlines with their sparklines."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.minutes = Minutes()
        # Not asked of the screen: numbers may come before these are on it.
        self._said = {name: Static(self.minutes.headline(name), id=f"{name}-said") for name in NAMES}
        self._lines = {name: Sparkline([0.0, 0.0], summary_function=max, id=f"{name}-line") for name in NAMES}

    def compose(self) -> ComposeResult:
        """A box each."""
        for name in NAMES:
            with Vertical(classes=f"number {name}"):
                yield self._said[name]
                yield self._lines[name]

    def show(self, minutes: Minutes) -> None:
        """Show these minutes; nothing is painted when they are the same as before."""
        if minutes == self.minutes:
            return
        self.minutes = minutes
        for name in NAMES:
            self._said[name].update(minutes.headline(name))
            self._lines[name].data = list(getattr(minutes, name)) or [0.0, 0.0]
