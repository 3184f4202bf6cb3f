"""Every binding call of a run: what, result, how long, when; calls inside called services hang below them."""

from __future__ import annotations

from rich.markup import escape
from textual.widgets.tree import TreeNode

from tui.format import count, duration, plural
from tui.run_report import Call, RunReport
from tui.widgets.column_tree import ColumnTree

MOST = 400
"""Calls that get a row; more are only counted."""
RESULT = 11
WORDS = -1
"""The id of a row that is words instead of a call."""


def plain(text: str) -> str:
    """Text that came with the call, as markup of ColumnTree."""
    return escape(text.replace("\n", " ")).replace("$", "$[i][/i]")


def milliseconds(value: float | None) -> str:
    """A call's time for its column: one decimal, nothing while it lasts."""
    return "…" if value is None else f"{value:,.1f}" if value < 9_999.95 else duration(value)


class CallsView(ColumnTree[Call]):
    """A waterfall. Bars of writes that were kept back are dashed."""

    show_guides = True
    LEAF = "  "

    def __init__(self, id: str | None = None) -> None:
        super().__init__("", id=id)
        self._span = 1.0
        self._shown: list[tuple[int, float | None]] = []
        self.auto_expand = False

    def on_mount(self) -> None:
        """Words for a pane without a run."""
        self.show(None)

    def show(self, report: RunReport | None) -> None:
        """Show a run's calls, as far as it has got."""
        calls = list(report.calls.values())[:MOST] if report else []
        self._span = report.span if report else 1.0
        state = [(call.id, call.duration) for call in calls]
        if state == self._shown and report is not None and report.running:
            return
        self._shown = state
        line = self.cursor_line
        self.clear()
        nodes: dict[int, TreeNode[Call]] = {}
        parents = {call.parent for call in calls}
        known = {call.id: call for call in calls}

        def node(call: Call) -> TreeNode[Call]:
            # A parent's own line may come after its children's: it ends after them.
            if call.id not in nodes:
                above = known.get(call.parent) if call.parent is not None else None
                place = node(above) if above is not None else self.root
                nodes[call.id] = place.add("", data=call, expand=True, allow_expand=call.id in parents)
            return nodes[call.id]

        for call in sorted(calls, key=lambda call: (call.start, call.id)):
            node(call)
        self.root.expand()
        words = ""
        if report is None:
            words = "Every binding call of a run shows up here."
        elif not calls and not report.running:
            words = "The draft called no bindings."
        elif len(report.calls) > MOST:
            words = f"{count(len(report.calls) - MOST)} more calls"
        if words:
            self.root.add("", data=Call(WORDS, None, "", "", words, 0.0), allow_expand=False)
        self.call_after_refresh(self._restore, line)

    def _restore(self, line: int) -> None:
        self.cursor_line = min(max(line, 0), max(0, self.last_line))

    def left(self, node: TreeNode[Call]) -> str:
        """`AUTH.fetch GET /whoami`."""
        call = node.data
        if call is None:
            return ""
        if call.id == WORDS:
            return f"[$muted]{plain(call.subject)}[/]"
        return f"[b]{plain(call.binding)}[/].{plain(call.operation)} [$muted]{plain(call.subject)}[/]"

    def right(self, node: TreeNode[Call], width: int) -> str:
        """Result, milliseconds, time bar."""
        call = node.data
        if call is None or call.id == WORDS:
            return ""
        room = 26 if width >= 70 else 12 if width >= 46 else 0
        word = "⊘ kept back" if call.kept_back else f"✗ {call.error}" if call.error else call.result
        word = word if len(word) <= RESULT * 2 else word[: RESULT * 2 - 1] + "…"
        result = plain(word)
        tone = "$warning" if call.kept_back else "$error" if call.error else "$muted"
        padding = " " * max(0, RESULT - len(word))
        bar = f" {self._bar(call, room)}" if room else ""
        return f"[{tone}]{padding}{result}[/] {milliseconds(call.duration):>5}{bar}"

    def _bar(self, call: Call, room: int) -> str:
        lead = min(room - 1, round(call.start * room / self._span))
        length = min(max(1, round((call.duration or 0) * room / self._span)), room - lead)
        tone, sign = ("$warning", "╍") if call.kept_back else ("$error" if call.error else "$accent", "━")
        return f"[{tone}]{' ' * lead}{sign * length}{' ' * (room - lead - length)}[/]"


def calls_summary(report: RunReport | None) -> str:
    """The calls' bottom border, markup: `⊘ 3 writes kept back  ms, 0 to 14.2`."""
    if report is None:
        return ""
    kept = f"[$success]✓ {report.applied} applied[/]  " if report.applied else ""
    if report.kept_back:
        words = f"[$warning]⊘ {plural(report.kept_back, 'write')} kept back[/]"
        kept += f"[@click=screen.command('kept-writes')]{words}[/]  "
        kept += "" if report.applied else "[b $accent]alt+a[/] [$muted]applies[/]  "
    wrote = "[$error]writes were real[/]  " if report.mode == "live" and report.calls else ""
    return f"{kept}{wrote}[$muted]ms, 0 to {report.span:,.1f}[/]" if report.calls else ""
