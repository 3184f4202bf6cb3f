"""The last row: what can be pressed here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from tui.commands.base import CommandHost


@dataclass(frozen=True)
class Key:
    """One key of the row."""

    display: str
    """`^s`, `f5`."""
    words: str
    key: str
    """The key to press when it is clicked."""
    enabled: bool = True
    tooltip: str = ""

    @property
    def width(self) -> int:
        """Cells, with the blanks around."""
        return len(self.display) + len(self.words) + 3


class KeyBar(Widget):
    """Keys that drop whole from the right where there is no room; the palette's key always stays.

    One widget that paints a row. (Textual's Footer mounts one widget a key, and all of them anew at every
    change of focus: a third of the app's start, and felt at each tab.)
    """

    DEFAULT_CSS = "KeyBar { dock: bottom; height: 1; width: 100%; background: $panel; }"

    keys: reactive[tuple[Key, ...]] = reactive((), init=False)
    """What can be pressed, most useful first; the palette's key last."""

    def on_mount(self) -> None:
        """Follow what the screen says of its keys."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        # While another window has the focus no widget here has: the keys stay as they were. In a browser the
        # app begins like that, and shows them all the same.
        if screen is self.screen and (screen.app.app_focus or not self.keys):
            self.call_after_refresh(self._read)

    def _read(self) -> None:
        if self.is_attached:
            self.keys = tuple(self._found())

    def _found(self) -> Iterator[Key]:
        active = self.screen.active_bindings
        seen: set[str] = set()
        for node, binding, enabled, tooltip in active.values():
            if isinstance(node, CommandHost) and node.forbids(binding.action):
                continue
            if binding.show and binding.action not in seen:
                seen.add(binding.action)
                display = self.app.get_key_display(binding)
                yield Key(display, binding.description, binding.key, enabled, tooltip)
        if palette := active.get(self.app.COMMAND_PALETTE_BINDING):
            binding = palette.binding
            yield Key(
                self.app.get_key_display(binding), binding.description, binding.key, True, "Every command"
            )

    def shown(self) -> tuple[Key, ...]:
        """The keys there is room for, left to right."""
        *keys, last = self.keys or (Key("", "", ""),)
        if last.key != self.app.COMMAND_PALETTE_BINDING:
            keys, last = list(self.keys), Key("", "", "")
        room = self.size.width - (last.width - 1 if last.key else 0)
        found: list[Key] = []
        for key in keys:
            room -= key.width
            if room < 0:
                break
            found.append(key)
        return (*found, last) if last.key else tuple(found)

    def render(self) -> Content:
        """The row."""
        keys = self.shown()
        if not keys:
            return Content("")
        last = keys[-1] if keys[-1].key == self.app.COMMAND_PALETTE_BINDING else None
        left = [self._paint(key) for key in (keys[:-1] if last else keys)]
        row = Content("").join(left)
        if last is not None:
            right = self._paint(last)
            # The last blank of the row is the terminal's last column.
            gap = max(0, self.size.width - row.cell_length - right.cell_length + 1)
            row = Content.assemble(row, " " * gap, right)
        return row

    @staticmethod
    def _paint(key: Key) -> Content:
        first, second = ("b $accent", "$muted") if key.enabled else ("$faint", "$faint")
        return Content.from_markup(
            f"[{first}] $display[/][{second}] $words [/]", display=key.display, words=key.words
        )

    def key_at(self, column: int) -> Key | None:
        """The key that is painted at a column."""
        at = 0
        keys = self.shown()
        for key in keys:
            if key.key == self.app.COMMAND_PALETTE_BINDING and key is keys[-1]:
                return key if column >= self.size.width - key.width + 1 else None
            if at <= column < at + key.width:
                return key
            at += key.width
        return None

    def on_click(self, event: events.Click) -> None:
        """A click on a key presses it."""
        key = self.key_at(event.x)
        if key is not None and key.enabled:
            event.stop()
            self.app.simulate_key(key.key)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """What the key under the mouse does, in a sentence."""
        key = self.key_at(event.x)
        self.tooltip = key.tooltip if key is not None and key.tooltip else None
