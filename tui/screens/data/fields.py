"""A dialog with a few fields, each checked while one types."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.suggester import Suggester
from textual.widgets import Input, Label

from tui.markup import escape
from tui.screens.dialogs.dialog import Dialog, DialogField

Parse = Callable[[str], Any]


@dataclass(frozen=True)
class Field:
    """One field; `parse` makes a value of its text or raises ValueError with a sentence."""

    id: str
    label: str
    value: str = ""
    hint: str = ""
    parse: Parse = str
    path: bool = False
    """Whether it is a file's path, which → completes."""


class FieldsDialog(Dialog[dict[str, Any]]):
    """Dismissed with the values by field, or None. With `typed` a name has to be typed as well."""

    AUTO_FOCUS = "Input"

    def __init__(
        self,
        title: str,
        text: str,
        fields: Sequence[Field],
        *,
        verb: str,
        typed: str | None = None,
        production: bool = False,
    ) -> None:
        """Args:
        title: verb and thing, as markup.
        text: what will happen, as markup.
        fields: what is asked.
        verb: the word on the button.
        typed: a name that has to be typed, too.
        production: whether production is changed.
        """
        super().__init__(title, production=production)
        self.text, self.fields, self.typed = text, tuple(fields), typed
        self.VERB = verb  # type: ignore[misc]

    def words(self) -> str:
        return self.text

    def keys(self) -> str:
        completes = "→ completes  " if any(field.path for field in self.fields) else ""
        return f"{completes}tab fields  enter {self.VERB.lower()}s  esc cancels"

    def compose_middle(self) -> ComposeResult:
        for field in self.fields:
            with Horizontal(classes="field-row"):
                yield Label(field.label, classes="field-label")
                yield DialogField(
                    field.value,
                    id=f"field-{field.id}",
                    placeholder=field.hint,
                    compact=True,
                    select_on_focus=False,
                    suggester=PathSuggester() if field.path else None,
                )
        yield Label(id="outcome")

    def compose_question(self) -> ComposeResult:
        if self.typed is not None:
            yield Label(f"Type [b $production]{self.typed}[/]:", id="question")
            yield DialogField(id="typed", compact=True, select_on_focus=False)

    def opened(self) -> None:
        self._changed()

    def _parsed(self) -> tuple[dict[str, Any], str]:
        found: dict[str, Any] = {}
        for field in self.fields:
            try:
                found[field.id] = field.parse(self.query_one(f"#field-{field.id}", Input).value)
            except ValueError as error:
                return found, f"{field.label}: {error}"
        return found, ""

    @property
    def ready(self) -> bool:
        if not self.is_mounted or self._parsed()[1]:
            return False
        return self.typed is None or self.query_one("#typed", Input).value == self.typed

    @on(Input.Changed)
    def _changed(self) -> None:
        fault = self._parsed()[1]
        self.query_one("#outcome", Label).update(f"[$muted]{escape(fault)}[/]" if fault else "")
        self.refresh_ready()

    def go(self) -> None:
        self.dismiss(self._parsed()[0])


class PathSuggester(Suggester):
    """The rest of a file's name."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first entry of the folder that begins so."""
        return await asyncio.to_thread(_completed, value)


def _completed(value: str) -> str | None:
    folder, slash, begin = value.rpartition("/")
    place = Path(folder + slash or ".").expanduser()
    try:
        names = sorted(
            each.name + ("/" if each.is_dir() else "")
            for each in place.iterdir()
            if each.name.startswith(begin) and (begin or not each.name.startswith("."))
        )
    except OSError:
        return None
    return f"{folder}{slash}{names[0]}" if names else None


def existing_file(text: str) -> Path:
    """A file that can be read; raises ValueError."""
    file = Path(text).expanduser()
    if not text.strip() or not file.is_file():
        raise ValueError("a file's path" if not text.strip() else f"there is no file {file.name or text}")
    return file


def new_file(text: str) -> Path:
    """A path that is no folder, in a folder that is there; raises ValueError."""
    file = Path(text).expanduser()
    if not text.strip() or file.is_dir():
        raise ValueError("a file's path")
    if not file.parent.is_dir():
        raise ValueError(f"there is no folder {file.parent}")
    return file


def needed(text: str) -> str:
    """Any text but none; raises ValueError."""
    if not text:
        raise ValueError("is needed")
    return text
