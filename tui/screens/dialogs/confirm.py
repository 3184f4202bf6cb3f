"""Yes or no, with Cancel in focus; where production is at stake its name has to be typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Label

from tui.format import plural
from tui.screens.dialogs.dialog import Dialog, DialogButton, DialogField


class ConfirmDialog(Dialog[bool]):
    """A question before something that cannot be undone. Dismissed with True, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes", show=False, id="confirm-yes"),
        Binding("n", "cancel", "No", show=False, id="confirm-no"),
    ]

    def __init__(
        self, title: str, text: str, *, verb: str = "OK", typed: str | None = None, production: bool = False
    ) -> None:
        """Args:
        title: verb, thing and target, as markup: `Delete notes › staging`.
        text: what will happen, as markup.
        verb: the word on the button.
        typed: the name that has to be typed first; None asks for yes or no only.
        production: whether production is changed.
        """
        super().__init__(title, production=production)
        self.text = text
        self.verb = verb
        self.typed = typed

    def words(self) -> str:
        return self.text

    def compose_question(self) -> ComposeResult:
        if self.typed is not None:
            colour = "$production" if self.production else "$foreground"
            yield Label(f"Type [b {colour}]{self.typed}[/]:", id="question")
            yield DialogField(id="typed", compact=True, select_on_focus=False)

    def compose_buttons(self) -> ComposeResult:
        yield DialogButton("Cancel", id="cancel")
        yield DialogButton(self.verb, id="go", disabled=not self.ready)

    def keys(self) -> str:
        if self.typed is not None:
            return "tab fields  esc cancels"
        first, _, rest = self.verb.lower().partition(" ")
        return f"y {first}s {rest}".rstrip() + "  esc cancels"

    @property
    def ready(self) -> bool:
        if self.typed is None:
            return True
        return self.is_mounted and self.query_one("#typed", Input).value == self.typed

    @on(Input.Changed, "#typed")
    def _typed(self) -> None:
        self.refresh_ready()

    def go(self) -> None:
        self.dismiss(True)

    def action_yes(self) -> None:
        """Do it: only where no name has to be typed."""
        if self.typed is None:
            self.go()


def delete_environment(
    service: str, environment: str, hostname: str, versions: int | None = None
) -> ConfirmDialog:
    """The question before an environment is deleted.

    Args:
        service: the service's name.
        environment: the environment's name.
        hostname: where it answers now.
        versions: how many versions of it are gone then, if known.
    """
    production = environment == "production"
    mark = "[$production]▲ production[/]" if production else environment
    history = f", its {plural(versions, 'version')}" if versions else ", its versions"
    return ConfirmDialog(
        f"Delete {service} › {mark}",
        f"[b]{hostname}[/] stops answering. Its code{history} and its secrets are gone; data in KV stays.",
        verb="Delete",
        typed="production" if production else None,
        production=production,
    )


def delete_service(service: str, environments: int) -> ConfirmDialog:
    """The question before a service is deleted with everything in it.

    Args:
        service: the service's name, which has to be typed.
        environments: how many environments it has.
    """
    those = "its environment" if environments == 1 else f"its {environments} environments"
    return ConfirmDialog(
        f"Delete service {service}",
        f"[b]{service}[/] and {those} stop answering. Code, versions and secrets are gone; data in KV stays.",
        verb="Delete",
        typed=service,
        production=True,
    )
