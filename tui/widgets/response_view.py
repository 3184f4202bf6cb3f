"""The answer of a run: status, time, size, and the body or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Label, OptionList, Static
from textual.widgets.option_list import Option

from tui import body
from tui.commands.base import Command, CommandHost
from tui.commands.lists import LIST
from tui.format import duration, size
from tui.markup import escape
from tui.run_report import LIMITS, Failure, Location, RunReport
from tui.widgets.code_area import CodeArea
from tui.widgets.json_tree import JsonTree
from tui.widgets.picture_view import PictureView

EMPTY = "[b $accent]f5[/] [$muted]runs what is on screen, saved or not.[/]"
PHASES = {
    "compile": "does not compile",
    "startup": "failed while it started",
    "waituntil": "failed after the answer, in waitUntil",
}


class StackList(CommandHost, OptionList):
    """Stack frames in the user's own files. Enter goes there."""

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = LIST
    HELP_TITLE = "Lists"

    def action_cursor_first(self) -> None:
        """To the first frame."""
        self.action_first()

    def action_cursor_last(self) -> None:
        """To the last frame."""
        self.action_last()


class ResponseView(Vertical):
    """Shows one run. `show` may be called as often as the run has news."""

    @dataclass
    class Chosen(Message):
        """A stack frame was opened."""

        where: Location

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._frames: tuple[Location, ...] = ()
        self._shown: body.Shown | None = None
        self._body_state: tuple[int, int, bool, str] | None = None
        self._report: RunReport | None = None
        self._way = ""

    def compose(self) -> ComposeResult:
        """Status row, then one of: words, body, failure."""
        with Horizontal(id="status"):
            yield Label(id="facts")
            yield Label(id="kept")
        yield Static(EMPTY, id="words")
        yield CodeArea(id="body", read_only=True, show_cursor=False)
        yield JsonTree(id="tree")
        yield PictureView(id="picture")
        yield Label(id="capped")
        with VerticalScroll(id="failure", can_focus=False):
            yield Static(id="reason")
            yield Label("[b $muted]Stack[/] [$faint]enter goes there[/]", id="stack-title", classes="section")
            yield StackList(id="stack", compact=True)

    def on_mount(self) -> None:
        """Begin with the words for an empty pane."""
        self._choose("words")

    @property
    def text(self) -> CodeArea:
        """The body's text."""
        return self.query_one("#body", CodeArea)

    @property
    def folded(self) -> JsonTree | None:
        """The body as a folded tree, while that is what is shown."""
        tree = self.query_one("#tree", JsonTree)
        return tree if tree.display else None

    @property
    def shown_body(self) -> Widget:
        """What shows the body: its text, its tree, its picture; the whole view while none is shown."""
        found = self.query_one(PictureView) if self._way == "picture" else self.folded or self.text
        return found if found.display else self

    def next_view(self) -> str:
        """Show the body the next way; its name, empty when there is one way only."""
        report, shown = self._report, self._shown
        if report is None or shown is None or not report.complete:
            return ""
        ways = body.views(shown.kind)
        at = (ways.index(self._way) + 1) % len(ways) if self._way in ways else 0
        focused = self.has_focus_within
        self._show_way(report, ways[at])
        if focused:
            self.shown_body.focus()
        return self._way

    def _show_way(self, report: RunReport, way: str) -> None:
        content_type = report.header("content-type")
        tree = self.query_one("#tree", JsonTree)
        if way == "tree" and not tree.show(body.whole_text(report.body(), content_type)):
            way = "raw"
        elif way == "picture":
            self.query_one(PictureView).show(report.body(), self._no_picture)
        self._way = way
        self._choose_way()
        if way in ("raw", "text"):
            content = bytes(report.head) if report.size > body.MOST_BYTES else report.body()
            other = body.view(content, content_type, way)
            self.text.load(other.text, other.lexer)
        elif self._shown is not None and way != "tree":
            self.text.load(self._shown.text, self._shown.lexer)
        self._say("facts", self._facts(report))

    def _no_picture(self, why: str) -> None:
        """It claims to be an image, and is none that can be drawn: its bytes are shown."""
        report = self._report
        if report is not None and self._way == "picture":
            self._show_way(report, "hex")
            self._say("capped", f"[$warning]not drawn: {escape(why)}.[/]")
            self.query_one("#capped").display = True

    def _choose_way(self) -> None:
        """Of the three that show a body, the one that shows it this way."""
        self.query_one("#tree").display = self._way == "tree"
        self.query_one("#picture").display = self._way == "picture"
        self.text.display = self._way not in ("tree", "picture")

    def say(self, markup: str) -> None:
        """Words instead of an answer."""
        self._say("words", markup)
        self._say("facts", "")
        self._say("kept", "")
        self._choose("words")

    def show(self, report: RunReport, running: RunReport | None = None, elapsed: float = 0.0) -> None:
        """Show a run.

        Args:
            report: The run whose answer is shown.
            running: The run in progress, if any; until it has an answer `report` is the one before.
            elapsed: Milliseconds that `running` has lasted.
        """
        if running is not None:
            self._say(
                "facts", f"[b $accent]◐ running {duration(elapsed)}[/]  [b $accent]esc[/] [$muted]stops[/]"
            )
        else:
            self._say("facts", self._facts(report))
        kept = kept_words(report)
        self._say("kept", "" if running else kept)
        if report.failure is not None:
            self._show_failure(report, report.failure)
        elif report.status is not None:
            self._show_body(report)
        elif report.outcome == "canceled":
            self._say("words", f"[$muted]Stopped.[/]  {EMPTY}")
            self._choose("words")
        elif report.outcome:
            self._show_failure(report, _silence(report))

    # ------------------------------------------------------------------ parts

    def _say(self, part: str, markup: str) -> None:
        """Let a part say this; what it says already is not laid out again, ten times a second."""
        label = self.query_one(f"#{part}", Static)
        if label.content != markup:
            label.update(markup, layout=part != "facts")  # the facts have the row whatever they say

    def _facts(self, report: RunReport) -> str:
        failure = report.failure
        if failure is not None and report.outcome in LIMITS:
            place = f" Stopped at {failure.where.file}:{failure.where.line}." if failure.where else ""
            return (
                f"[b $on-fill on $error] ✗ {failure.code} [/] [b $error]{LIMITS[report.outcome]}.{place}[/]"
            )
        if failure is not None:
            status = report.status or (400 if failure.phase == "compile" else 500)
            word = PHASES.get(failure.phase, f"uncaught {failure.name}")
            took = duration(report.time or report.wall)
            return f"[b $on-fill on $error] {status} [/] [b $error]{escape(word)}[/]  {took}"
        if report.status is None:
            return "[$muted]stopped[/]" if report.outcome == "canceled" else ""
        tone = "success" if report.status < 300 else "accent" if report.status < 400 else "warning"
        tone = "error" if report.status >= 500 else tone
        words = report.status_text or _reason(report.status)
        way = f" {self._way}" if self._way not in ("", "pretty", "source") else ""
        kind = f"  [$muted]{escape(self._shown.kind)}{way}[/]" if self._shown else ""
        more = "" if report.complete or not report.running else "  [$accent]◐[/]"
        chip = f"[b $on-fill on ${tone}] {report.status} {escape(words)} [/]"
        return f"{chip}  {duration(report.time)}  {size(report.size)}{kind}{more}"

    def _show_body(self, report: RunReport) -> None:
        content_type = report.header("content-type")
        state = (id(report), len(report.head), report.complete, content_type)
        if state != self._body_state:
            self._body_state = state
            shown = body.show(bytes(report.head), report.size, content_type)
            # Only what is really another text is laid out: the notice counts on while the body arrives.
            if self._shown is None or (shown.text, shown.kind) != (self._shown.text, self._shown.kind):
                self.text.load(shown.text, shown.lexer)
            self._shown = shown
            self._report = report
            ways = body.views(self._shown.kind)
            self._way = ways[0] if ways[0] != "picture" else "hex"  # until all of it is there
            if report.complete and ways[0] == "picture":
                self._show_way(report, "picture")
            # More than is laid out as text: the tree shows all of it.
            if report.complete and self._shown.notice and "tree" in ways:
                self._show_way(report, "tree")
            if not self._running_now(report):
                self._say("facts", self._facts(report))
        notice = ""
        if self._shown and self._shown.notice and report.complete:
            keys = "[b $accent]s[/] saves all  [b $accent]v[/] opens the pager"
            notice = f"[$warning]{self._shown.notice}[/]  [$muted]{keys}[/]"
        for late in report.later_failures:
            place = f"  {escape(str(late.where))}" if late.where else ""
            words = f"{escape(late.name)}: {escape(late.message)}"
            notice += f"\n[$error]✗ {words}[/][$muted]{place}, after the answer[/]"
        self._say("capped", notice.strip())
        self._choose("body")
        self._choose_way()
        self.query_one("#capped").display = bool(notice) and self._way not in ("tree", "picture")

    @staticmethod
    def _running_now(report: RunReport) -> bool:
        return report.running and report.status is None

    def _show_failure(self, report: RunReport, failure: Failure) -> None:
        head, bracket, rest = failure.message.partition(" (")
        words = f"[b]{escape(head)}[/]" + (f" [$muted]{escape(bracket.strip() + rest)}[/]" if bracket else "")
        why = f"\n\n[$muted]{escape(failure.why)}[/]" if failure.why else ""
        again = "\n\n[$muted]The drafts engine was started again; nothing else was touched.[/]"
        self._say("reason", words + why + (again if report.engine_restarted else ""))
        frames = failure.stack or ((failure.where,) if failure.where else ())
        if frames != self._frames:
            self._frames = frames
            stack = self.query_one("#stack", OptionList)
            stack.clear_options()
            stack.add_options(
                [
                    Option(f"[$accent u]{escape(str(at))}[/]  [$muted]{escape(at.function)}[/]")
                    for at in frames
                ]
            )
            if frames:
                stack.highlighted = 0
        self.query_one("#stack").display = self.query_one("#stack-title").display = bool(frames)
        self._choose("failure")

    def _choose(self, part: str) -> None:
        for name in ("words", "body", "failure"):
            self.query_one(f"#{name}").display = name == part
        self.query_one("#tree").display = self.query_one("#picture").display = False
        self.query_one("#capped").display = False
        self.query_one("#status").display = part != "words" or bool(self.query_one("#facts", Label).content)

    @on(OptionList.OptionSelected, "#stack")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(self._frames[event.option_index]))


def kept_words(report: RunReport) -> str:
    """`⊘ 3 kept back`, which shows them when it is clicked; markup."""
    if not report.kept_back:
        return f"[$success]✓ {report.applied} applied[/]" if report.applied else ""
    return f"[@click=screen.command('kept-writes')][$warning]⊘ {report.kept_back} kept back[/][/]"


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _silence(report: RunReport) -> Failure:
    """A run that ended without an answer and without saying why."""
    message = {
        "exceededCpu": "The draft used more CPU time than its limit.",
        "exceededMemory": "The draft used more memory than its limit.",
    }.get(report.outcome, "The draft ended without an answer.")
    return Failure(1102 if report.outcome in LIMITS else 1101, "Error", message, "", "run", None)
