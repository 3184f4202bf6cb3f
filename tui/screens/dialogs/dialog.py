"""What every dialog has: a titled box, words that say what will happen, Cancel, and one verb."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import ClassVar, Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, DataTable, Input, Label, Static

Result = TypeVar("Result")


class DialogButton(Button):
    """A button of a dialog, one row high, that passes on what is typed while it has the focus."""

    def __init__(self, label: str, *, id: str, disabled: bool = False) -> None:
        super().__init__(label, id=id, disabled=disabled, compact=True)

    def on_key(self, event: events.Key) -> None:
        if isinstance(self.screen, Dialog):
            self.screen.type_ahead(self, event)


class DialogField(Input):
    """A field of a dialog, whose enter is for what stands in it when enter is pressed.

    As a binding enter is answered only when it has risen to the app, and by then what was typed after it in
    one go stands in the field, too.
    """

    async def on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            await self.action_submit()


class Dialog(ModalScreen[Result | None], Generic[Result]):
    """A modal question. Dismissed with a result, or with None when it was cancelled.

    The title names verb, thing and target; the first line says in words what will happen. In a small
    terminal the middle shrinks and scrolls, the row of buttons never does.
    """

    CSS_PATH: ClassVar[list[str | PurePath]] = ["../../styles/parts.tcss", "../../styles/dialogs.tcss"]
    AUTO_FOCUS = "#cancel"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False, id="dialog-cancel"),
        Binding("left,up", "app.focus_previous", "Previous", show=False, id="dialog-previous"),
        Binding("right,down", "app.focus_next", "Next", show=False, id="dialog-next"),
    ]

    VERB: ClassVar[str] = "OK"
    """The word on the button that does it."""
    KEYS: ClassVar[str] = "tab fields  esc cancels"
    """The dialog's keys, in its bottom border."""
    MIDDLE: ClassVar[tuple[tuple[str, int], ...]] = ()
    """What may shrink: a selector and the fewest rows of each, the last one gives way first."""

    def __init__(self, title: str, *, production: bool = False) -> None:
        """Args:
        title: verb, thing and target, as markup.
        production: whether it changes production, which must be seen at once.
        """
        super().__init__()
        self.heading = title
        self.production = production
        self._moving = False

    # ------------------------------------------------------------------ what a dialog says

    def words(self) -> str:
        """What will happen, as markup."""
        return ""

    def keys(self) -> str:
        """What stands in the bottom border."""
        return self.KEYS

    def compose_middle(self) -> ComposeResult:
        """What stands between the words and the buttons."""
        yield from ()

    def compose_question(self) -> ComposeResult:
        """What stands before the buttons on their row."""
        yield from ()

    def compose_buttons(self) -> ComposeResult:
        """The buttons, Cancel first."""
        yield DialogButton("Cancel", id="cancel")
        yield DialogButton(self.VERB, id="go", disabled=not self.ready)

    @property
    def ready(self) -> bool:
        """Whether the verb can be done now."""
        return True

    def go(self) -> None:
        """Do it. Called only when `ready`; a dialog that only tells something just closes."""
        self.dismiss(None)

    # ------------------------------------------------------------------ the box

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="-target-production" if self.production else ""):
            with VerticalScroll(id="words-box", can_focus=False):
                yield Static(self.words(), id="words")
            yield from self.compose_middle()
            yield Label(id="notice")
            with Horizontal(id="answer"):
                yield from self.compose_question()
                yield Label(id="gap")
                yield from self.compose_buttons()

    def on_mount(self) -> None:
        box = self.query_one("#dialog")
        box.border_title = self.heading
        box.border_subtitle = self.keys()
        self.opened()

    def opened(self) -> None:
        """What a dialog does first. (Textual calls every class's own `on_mount`, the base's last.)"""

    def say(self, markup: str = "") -> None:
        """One line above the buttons: why it cannot go on, or nothing."""
        notice = self.query_one("#notice", Label)
        notice.update(markup)
        notice.set_class(bool(markup), "-shown")
        self.call_after_refresh(self.fit)

    def refresh_ready(self) -> None:
        """Let the verb's button follow `ready`."""
        self.query_one("#go", Button).disabled = not self.ready

    def on_resize(self) -> None:
        self.call_after_refresh(self.fit)

    def fit(self) -> None:
        """Give the middle the rows that the words and the buttons leave."""
        # It may have been dismissed before the refresh that this waited for: its widgets go one by one.
        if not self.is_mounted or self not in self.app.screen_stack:
            return
        box = self.query_one("#dialog")
        parts = [(self.query_one("#words-box"), 2)]  # the very last resort
        parts += [(self.query_one(selector), least) for selector, least in self.MIDDLE]
        middle = [(widget, least) for widget, least in parts if widget.display]
        fixed = {widget for widget, _ in middle}
        room = self.size.height - box.gutter.height
        for child in box.children:
            if child.display:
                room -= child.styles.margin.height + (0 if child in fixed else child.outer_size.height)
        wanted = [self._wanted(widget) for widget, _ in middle]
        for index in reversed(range(len(middle))):
            over = sum(wanted) - room
            if over > 0:
                wanted[index] = max(min(middle[index][1], wanted[index]), wanted[index] - over)
        for (widget, _), rows in zip(middle, wanted, strict=True):
            widget.styles.max_height = max(1, rows)

    def _wanted(self, widget: Widget) -> int:
        """The rows a part of the middle would take, within the most its style sheet allows."""
        rows = widget.virtual_size.height
        if isinstance(widget, DataTable):  # it measures its rows when it is idle: that may be later
            rows = max(rows, widget.row_count + int(widget.show_header))
        return min(self.most_rows(widget), rows)

    def most_rows(self, widget: Widget) -> int:
        """The most rows a part of the middle ever takes."""
        return 1000

    # ------------------------------------------------------------------ keys and buttons

    @on(Button.Pressed, "#go")
    def _go_pressed(self) -> None:
        if self.ready:
            self.go()

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close, and change nothing."""
        self.dismiss(None)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        # More may have been typed meanwhile: an enter says yes only to what stood there then.
        if self.ready and event.value == event.input.value:
            self.go()

    def typing_target(self) -> Input | None:
        """The field that gets what is typed while a button has the focus."""
        return next(self._fields(), None)

    def _fields(self) -> Iterator[Input]:
        yield from (field for field in self.query(Input) if field.display and not field.disabled)

    def type_ahead(self, button: Button, event: events.Key) -> None:
        """Cancel has the focus, and still one can begin to type at once.

        What a terminal sends in one go is in the button's queue before the focus can move. So the button
        hands over every key, Enter too, and the focus follows when the queue is empty.
        """
        field = self.typing_target()
        if field is None:
            return
        if event.is_printable and event.character and event.character != " ":
            field.insert_text_at_cursor(event.character)
            if not self._moving:
                self._moving = True
                button.call_later(self._to_field, button, field)
        elif event.key == "enter" and field.value:
            if self.ready:
                self.go()
        else:
            return
        event.stop()
        event.prevent_default()

    def _to_field(self, button: Button, field: Input) -> None:
        if button.message_queue_size:
            button.call_later(self._to_field, button, field)
            return
        self._moving = False
        if button.has_focus and field.display:
            self.set_focus(field)
