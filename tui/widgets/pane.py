"""The titled box that everything lives in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

#: Between two tabs in a border.
GAP = "   "


class Pane(Vertical):
    """A titled, rounded box: the top border says what, the bottom border how much or in which state.

    Titles, tabs and bottom texts are markup with theme variables; escape what people typed.

    Args:
        *children: What is inside.
        number: The digit that focuses it, fixed to the pane.
        title: The top border; a pane with tabs has none.
        tabs: Names of tabs in the top border, clickable; needs no row of its own.
        bottom: The bottom border.
        id: The CSS id.
        classes: The CSS classes; `prod` for what shows production.
    """

    title: reactive[str] = reactive("", init=False)
    bottom: reactive[str] = reactive("", init=False)
    tabs: reactive[tuple[str, ...]] = reactive((), init=False)
    active: reactive[int] = reactive(0, init=False)

    @dataclass
    class TabChosen(Message):
        """Another tab was clicked or chosen; the pane already shows it as active."""

        pane: Pane
        index: int

        @property
        def control(self) -> Pane:
            """The pane, for `@on(Pane.TabChosen, "#response")`."""
            return self.pane

    def __init__(
        self,
        *children: Widget,
        number: int | None = None,
        title: str = "",
        tabs: Sequence[str] = (),
        bottom: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(*children, id=id, classes=classes)
        self.number = number
        self.set_reactive(Pane.title, title)
        self.set_reactive(Pane.tabs, tuple(tabs))
        self._show_top()
        self.border_subtitle = bottom

    def watch_title(self) -> None:
        """Repaint the top border."""
        self._show_top()

    def watch_tabs(self) -> None:
        """Repaint the top border."""
        self._show_top()

    def watch_active(self) -> None:
        """Repaint the top border."""
        self._show_top()

    def watch_bottom(self, bottom: str) -> None:
        """Repaint the bottom border."""
        self.border_subtitle = bottom

    def choose(self, index: int) -> None:
        """Make a tab the active one and say so; out of range wraps round."""
        if self.tabs:
            self.active = index % len(self.tabs)
            self.post_message(self.TabChosen(self, self.active))

    def action_tab(self, index: int) -> None:
        """What a click on a tab runs."""
        self.choose(index)

    def _show_top(self) -> None:
        number = "" if self.number is None else f"[$faint]{self.number}[/] "
        if self.tabs:
            styles = [
                "b u $foreground" if index == self.active else "$muted" for index in range(len(self.tabs))
            ]
            self.border_title = number + GAP.join(
                f"[@click=tab({index})][{styles[index]}]{name}[/][/]" for index, name in enumerate(self.tabs)
            )
        else:
            self.border_title = number + self.title
