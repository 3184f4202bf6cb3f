"""How it works, in six steps: shown at the first start, over the screen that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.widgets.pane import Pane


@dataclass(frozen=True)
class Step:
    """A page of the tour."""

    title: str
    words: str
    """Markup."""
    points_at: str = ""
    """The pane of Browse that it is about, a selector."""


def _key(name: str) -> str:
    return f"[b $accent]{name}[/]"


STEPS = (
    Step(
        "Services and their environments",
        "A service has one [$production]▲ production[/] and as many other environments as you like. Each "
        "answers at its own hostname from the moment it exists. "
        f"{_key('j')} {_key('k')} move, {_key('/')} filters, {_key('c')} clones an environment.",
        "#services",
    ),
    Step(
        "Everything about one of them",
        "Where it answers, what is live and since when, what it may reach, and who deployed what. "
        f"{_key('s')} changes its settings, {_key('D')} shows the data in its bindings, {_key('L')} its "
        "logs.",
        "#detail",
    ),
    Step(
        "Edit, and run before you save",
        f"{_key('e')} opens the code. {_key('f5')} runs what is on the screen in V8, with the live bindings: "
        "reads are real, writes are kept back and shown. Nothing is deployed by it.",
    ),
    Step(
        "Save is deploy",
        f"{_key('^s')} makes a version and deploys it; the hostname answers with it at once. Text that was "
        "not saved is kept, whatever happens.",
    ),
    Step(
        "Promote, and the way back",
        f"{_key('P')} moves code to another environment, after a look at what differs; variables, secrets "
        f"and data stay where they are. {_key('H')} is the history: any row of it can come back.",
        "#detail",
    ),
    Step(
        "You need not remember any of this",
        f"{_key('^p')} finds every command, service, module and binding by a few letters. {_key('?')} shows "
        f"the keys of where you are, {_key('esc')} goes back, {_key('^q')} leaves.",
    ),
)


class TourDialog(ModalScreen[None]):
    """A box at the bottom; the pane that a step is about has a frame of its own meanwhile."""

    CSS_PATH = "../../styles/tour.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right,space,j,down,l", "step(1)", "Next", show=False),
        Binding("left,backspace,k,up,h", "step(-1)", "Back", show=False),
        Binding("escape,q", "dismiss", "End", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def compose(self) -> ComposeResult:
        """One box."""
        with Pane(id="tour"):
            yield Static(id="tour-words")

    def on_mount(self) -> None:
        """The first step."""
        self._show()

    def on_unmount(self) -> None:
        """Nothing is pointed at any more."""
        self._point("")

    def on_click(self, event: events.Click) -> None:
        """A click goes on."""
        self.action_step(1)

    def action_step(self, by: int) -> None:
        """The next step or the one before; after the last one it is over."""
        self.number = max(0, self.number + by)
        if self.number >= len(STEPS):
            self.dismiss()
        else:
            self._show()

    def _show(self) -> None:
        step, pane = STEPS[self.number], self.query_one("#tour", Pane)
        last = self.number == len(STEPS) - 1
        pane.title = f"[$faint]{self.number + 1} of {len(STEPS)}[/] {step.title}"
        back = "[b]←[/] back  " if self.number else ""
        pane.bottom = f"{back}[b]enter[/] {'begins' if last else 'goes on'}  [b]esc[/] ends the tour"
        self.query_one("#tour-words", Static).update(step.words)
        self._point(step.points_at)

    def _point(self, selector: str) -> None:
        for pane in self.app.screen_stack[0].query(Pane):
            pane.set_class(bool(selector) and pane.id == selector.removeprefix("#"), "-pointed")
