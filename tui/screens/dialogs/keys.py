"""The keys that work where the focus is, in groups; made from the commands themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tui.commands.base import Command, hosts
from tui.markup import escape
from tui.widgets.pane import Pane

if TYPE_CHECKING:
    from tui.app import SvcApp


class KeysDialog(ModalScreen[None]):
    """Over the dimmed screen: what can be pressed there. Escape closes, nothing is lost.

    Args:
        node: The focused widget, or the screen.
    """

    CSS_PATH = "../../styles/keys.tcss"
    AUTO_FOCUS = "#keys-scroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,question_mark", "dismiss", "Close", show=False),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, node: DOMNode) -> None:
        super().__init__()
        self.groups = groups(node)

    def compose(self) -> ComposeResult:
        """A pane with the groups in two columns; in one where there is no room for two."""
        with (
            Pane(id="keys", title="Keys", bottom="[$muted]^p finds any command by name  esc closes[/]"),
            VerticalScroll(id="keys-scroll"),
            Horizontal(id="keys-columns"),
        ):
            for column in columns(self.groups):
                yield Static("\n\n".join(self._group(title, rows) for title, rows in column))

    def action_scroll(self, rows: int) -> None:
        """Scroll what does not fit."""
        self.query_one("#keys-scroll").scroll_relative(y=rows, animate=False)

    def _group(self, title: str, rows: Sequence[type[Command]]) -> str:
        lines = [
            f"[b $accent]{escape(self._keys(command).rjust(7))}[/]  {escape(command.help_text())}"
            for command in rows
        ]
        return "\n".join([f"[b $muted]{title}[/]", *lines])

    def _keys(self, command: type[Command]) -> str:
        """How a command's keys are written; after the keymap, what really works."""
        app = cast("SvcApp", self.app)
        remapped = app.settings.keymap.get(command.id)
        if remapped is None and command.KEY_DISPLAY:
            return command.KEY_DISPLAY
        keys = (remapped or command.BINDING_KEY).split(",")
        shown = [app.get_key_display(Binding(key.strip(), "")) for key in keys]
        return " ".join(dict.fromkeys(text for text in shown if text not in ARROWS) or shown)


#: Known without being told: they stand beside j, k, h, l.
ARROWS = frozenset({"↑", "↓", "←", "→", "home", "end"})


def groups(node: DOMNode) -> list[tuple[str, list[type[Command]]]]:
    """Headings and their commands: the screen first, then the focused widget's, then everywhere.

    Args:
        node: The focused widget, or the screen.
    """
    found = hosts(node)
    order = [*(host for host in found if isinstance(host, Screen)), *found]
    result: dict[str, list[type[Command]]] = {}
    seen: set[str] = set()
    for host in order:
        rows = [
            command
            for command in host.commands()
            if command.BINDING_KEY
            and command.id not in seen
            and host.allows(command) is not False
            and not host.forbids(command.binding().action)
        ]
        seen.update(command.id for command in rows)
        if rows:
            result.setdefault(host.HELP_TITLE or "Here", []).extend(rows)
    return list(result.items())


def columns(
    found: Sequence[tuple[str, list[type[Command]]]],
) -> list[Sequence[tuple[str, list[type[Command]]]]]:
    """Cut the groups, in order, into two columns of heights as equal as can be."""
    heights = [len(rows) + 2 for _, rows in found]
    cut = min(range(1, len(found) + 1), key=lambda n: max(sum(heights[:n]), sum(heights[n:])))
    return [part for part in (found[:cut], found[cut:]) if part]
