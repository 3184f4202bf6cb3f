"""A name for a service or an environment, checked while it is typed, with the hostname it will have."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label

from tui.markup import escape
from tui.screens.dialogs.dialog import Dialog, DialogButton, DialogField

NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
LONGEST = 63
HOLE = "{name}"


def fault(name: str, taken: Collection[str] = ()) -> str:
    """What is wrong with a name, as a sentence; empty when it can be used.

    Args:
        name: what was typed.
        taken: names that are used already.
    """
    if not name:
        return "A name is needed."
    if name in taken:
        return f"There is a {name} already."
    if NAME.fullmatch(name):
        return ""
    if len(name) > LONGEST:
        return f"{len(name)} characters: a name has at most {LONGEST}."
    if not re.match(r"[a-z]", name):
        return "A name begins with a letter, a to z."
    wrong = re.search(r"[^a-z0-9-]", name)
    if wrong is None:
        return "A name does not end with a dash."
    found = wrong.group()
    if found.isupper():
        return f"Only small letters: {found.lower()} for {found}."
    return f"Letters, digits and dashes only, no {'space' if found == ' ' else found}."


class NameField(Horizontal):
    """A labelled input with a hostname below it; used by every dialog that asks for a name."""

    def __init__(self, label: str, value: str, host: str, taken: Collection[str]) -> None:
        """Args:
        label: what the name is of.
        value: what the field begins with.
        host: the hostname with `{name}` where the name goes.
        taken: names that are used already.
        """
        super().__init__(id="name-field")
        self.label, self.value, self.host, self.taken = label, value, host, taken

    def compose(self) -> ComposeResult:
        yield Label(f"{self.label}", classes="field-label")
        yield DialogField(self.value, id="name", compact=True, select_on_focus=False, max_length=LONGEST + 1)

    @property
    def name_typed(self) -> str:
        """What stands in the field."""
        return self.query_one("#name", Input).value

    @property
    def fault(self) -> str:
        """What is wrong with it; empty when it can be used."""
        if self.value and self.name_typed == self.value:
            return "That is its name now."
        return fault(self.name_typed, self.taken)

    @property
    def outcome(self) -> str:
        """The line below the field, as markup: what is wrong, or the hostname."""
        name = self.name_typed
        if not name:
            return f"[$muted]It answers at[/] [$faint]{self.host.replace(HOLE, '…')}[/]"
        if name == self.value:
            return f"[$muted]It answers at {self.host.replace(HOLE, name)} now.[/]"
        if self.fault:
            return f"[$error]✗ {escape(self.fault)}[/]"
        return f"[$muted]It answers at[/] [$accent]{self.host.replace(HOLE, name)}[/]"


class NameDialog(Dialog[str]):
    """Asks for one name. Dismissed with the name, or None."""

    AUTO_FOCUS = "#name"
    LABEL: ClassVar[str] = "Name"

    def __init__(
        self,
        title: str,
        text: str,
        *,
        verb: str,
        host: str,
        taken: Collection[str] = (),
        value: str = "",
        production: bool = False,
    ) -> None:
        """Args:
        title: verb and thing, as markup.
        text: what will happen, as markup.
        verb: the word on the button.
        host: the hostname with `{name}` where the name goes.
        taken: names that are used already.
        value: what the field begins with.
        production: whether production is changed.
        """
        super().__init__(title, production=production)
        self.text, self.verb = text, verb
        self.host, self.taken, self.value = host, taken, value

    def words(self) -> str:
        return self.text

    def compose_middle(self) -> ComposeResult:
        yield NameField(self.LABEL, self.value, self.host, self.taken)
        yield Label(id="outcome")

    def compose_buttons(self) -> ComposeResult:
        yield DialogButton("Cancel", id="cancel")
        yield DialogButton(self.verb, id="go", disabled=True)

    def keys(self) -> str:
        return f"enter {self.verb.lower()}s  esc cancels"

    def opened(self) -> None:
        self._typed()

    @property
    def ready(self) -> bool:
        return self.is_mounted and not self.query_one(NameField).fault

    @on(Input.Changed, "#name")
    def _typed(self) -> None:
        self.query_one("#outcome", Label).update(self.query_one(NameField).outcome)
        self.refresh_ready()

    def go(self) -> None:
        self.dismiss(self.query_one(NameField).name_typed)


def new_service(taken: Collection[str], suffix: str) -> NameDialog:
    """Asks for the name of a new service.

    Args:
        taken: the names of the services there are.
        suffix: what follows the name in its hostname, with the port: `.dev.localhost:8787`.
    """
    return NameDialog(
        "New service",
        "It begins with a production environment and a small worker that says hello.",
        verb="Create",
        host=f"{HOLE}{suffix}",
        taken=taken,
    )


def new_environment(service: str, taken: Collection[str], host: str) -> NameDialog:
    """Asks for the name of a new environment.

    Args:
        service: the service it belongs to.
        taken: the names of the environments there are.
        host: production's host with the port: `notes.dev.localhost:8787`.
    """
    return NameDialog(
        f"New environment of {service}",
        "It begins with a small worker and no bindings. To begin with a copy of another one, clone that.",
        verb="Create",
        host=f"{HOLE}.{host}",
        taken=taken,
    )


def rename_environment(service: str, environment: str, taken: Collection[str], host: str) -> NameDialog:
    """Asks for another name of an environment.

    Args:
        service: the service it belongs to.
        environment: its name now.
        taken: the names of the environments there are.
        host: production's host with the port.
    """
    return NameDialog(
        f"Rename {service} › {environment}",
        f"[b]{environment}.{host}[/] stops answering; history, data and settings go with it.",
        verb="Rename",
        host=f"{HOLE}.{host}",
        taken=taken,
        value=environment,
    )
