"""Pick what a binding points to, from everything there is, or make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from tui.markup import escape
from tui.offers import Offer, creating
from tui.screens.dialogs.dialog import Dialog, DialogField
from tui.setting_values import name_fault


@dataclass(frozen=True, slots=True)
class Bound:
    """What was picked."""

    name: str
    """Of the binding."""
    offer: Offer
    title: str
    """What a new thing is called."""


class BindDialog(Dialog[Bound]):
    """Dismissed with a name and what it is bound to, or None."""

    AUTO_FOCUS = "#search"
    VERB = "Bind"
    KEYS = "↓ to the list  tab fields  enter binds  esc cancels"
    MIDDLE = (("#offers", 3),)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
    ]

    def __init__(
        self, place: str, offers: Sequence[Offer], taken: Mapping[str, Any], name: str = "", kind: str = ""
    ) -> None:
        """Args:
        place: `notes › staging`, as markup.
        offers: everything there is.
        taken: the keys of the settings there are.
        name: the binding's, when it exists and points elsewhere now.
        kind: the type of binding it stays.
        """
        super().__init__(f"Bind {escape(name)} of {place}" if name else f"Bind something to {place}")
        self.offers, self.taken, self.bound, self.kind = offers, taken, name, kind
        self.shown: list[Offer] = []

    @property
    def binding_name(self) -> str:
        """What the binding is called."""
        return self.bound or (self.query_one("#name", Input).value if self.is_mounted else "")

    def words(self) -> str:
        if self.bound:
            return f"What [b]env.{escape(self.bound)}[/] points to; live when everything is saved."
        return "What code reaches as [b]env.NAME[/]; live when everything is saved."

    def compose_middle(self) -> ComposeResult:
        with Horizontal(id="target-row"):
            yield Label("Find", classes="field-label")
            yield DialogField(
                id="search", compact=True, placeholder="what there is, or the name of something new"
            )
        yield OptionList(id="offers", compact=True)
        if not self.bound:
            with Horizontal(id="name-field"):
                yield Label("Name", classes="field-label")
                yield DialogField(id="name", compact=True, placeholder="NOTES", select_on_focus=False)
            yield Label(id="outcome")

    def opened(self) -> None:
        self._searched()

    @property
    def ready(self) -> bool:
        return self.is_mounted and bool(self._picked) and (bool(self.bound) or not self._fault)

    @property
    def _fault(self) -> str:
        return name_fault(self.binding_name, self.taken)

    @property
    def _picked(self) -> Offer | None:
        index = self.query_one(OptionList).highlighted
        return self.shown[index] if index is not None and index < len(self.shown) else None

    @on(Input.Changed, "#search")
    def _searched(self) -> None:
        words = self.query_one("#search", Input).value.strip()
        found = [each for each in (*self.offers, *creating(words)) if not self.kind or each.type == self.kind]
        self.shown = [each for each in found if each.binding is None or each.matches(words)]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_line(each)) for each in self.shown])
        if self.shown:
            options.highlighted = 0
        said = "" if self.shown else "[$muted]Nothing like this. A name typed here can be made.[/]"
        self.say(said)
        self._changed()

    @on(Input.Changed, "#name")
    @on(OptionList.OptionHighlighted)
    def _changed(self) -> None:
        if not self.bound and self.is_mounted:
            name, fault = self.binding_name, self._fault
            mark = f"[$error]✗ {escape(fault)}[/]" if name and fault else f"[$muted]{escape(fault)}[/]"
            self.query_one("#outcome", Label).update(mark if fault else f"[$muted]env.{escape(name)}[/]")
        self.refresh_ready()

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        if self.ready:
            self.go()
        elif not self.bound:
            self.query_one("#name", Input).focus()

    @on(Input.Submitted, "#search")
    def _search_submitted(self) -> None:
        if not self.ready and not self.bound and self._picked:
            self.query_one("#name", Input).focus()

    def action_move(self, step: int) -> None:
        """Move in the list while one types."""
        options = self.query_one(OptionList)
        if not self.shown:
            return
        options.highlighted = ((options.highlighted or 0) + step) % len(self.shown)

    def go(self) -> None:
        offer = self._picked
        if offer is not None:
            title = self.query_one("#search", Input).value.strip()
            self.dismiss(Bound(self.binding_name, offer, title))

    def most_rows(self, widget: Widget) -> int:
        return 16 if self.has_class("-tall") else 8


def _line(offer: Offer) -> str:
    mark = f"[$muted]{offer.kind:<8}[/] " if offer.binding is not None else "[$accent]+[/]        "
    return f"{mark}{escape(offer.label)}  [$muted]{escape(offer.hint)}[/]"
