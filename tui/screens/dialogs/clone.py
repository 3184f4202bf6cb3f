"""Clone an environment: a name, and whether the copy gets data of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Label, RadioButton, RadioSet

from tui.screens.dialogs.dialog import Dialog
from tui.screens.dialogs.name import HOLE, NameField


@dataclass(frozen=True, slots=True)
class Clone:
    """What was asked for."""

    name: str
    data: str
    """``own``, new and empty; ``copy``, its own with what the source holds; ``share``, the source's."""


class CloneDialog(Dialog[Clone]):
    """Asks what a copy of an environment is called and whose data it sees."""

    AUTO_FOCUS = "#name"
    VERB = "Clone"
    KEYS = "tab fields  enter clones  esc cancels"

    def __init__(
        self,
        service: str,
        source: str,
        taken: Collection[str],
        host: str,
        *,
        number: int | None = None,
        namespaces: Collection[str] = (),
    ) -> None:
        """Args:
        service: the service.
        source: the environment that is copied.
        taken: the names of the environments there are.
        host: production's host with the port: `notes.dev.localhost:8787`.
        number: the number of the version that is live on the source.
        namespaces: the titles of the KV namespaces it is bound to, if known.
        """
        super().__init__(f"Clone {service} › {source}")
        self.service, self.source, self.number = service, source, number
        self.taken, self.host, self.namespaces = taken, host, list(namespaces)

    def words(self) -> str:
        version = f" at [b]v{self.number}[/]" if self.number is not None else ""
        return (
            f"A copy of [b]{self.source}[/]{version}: code, variables, secrets and bindings. "
            f"{self.source} stays as it is."
        )

    def compose_middle(self) -> ComposeResult:
        yield NameField("Name", "", f"{HOLE}.{self.host}", self.taken)
        yield Label(id="outcome")
        own = "new and empty: KV, D1, R2, queues, Durable Objects"
        copy = "its own, with what is in them now; queues stay empty"
        share = "the same as " + (", ".join(self.namespaces) if self.namespaces else self.source)
        with RadioSet(id="data", compact=True):
            yield RadioButton(f"Own data    [$muted]{own}[/]", value=True, id="own", compact=True)
            yield RadioButton(f"Copy data   [$muted]{copy}[/]", id="copy", compact=True)
            yield RadioButton(
                f"Share data  [$muted]{share}: writes are seen by both[/]", id="share", compact=True
            )

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
        pressed = self.query_one("#data", RadioSet).pressed_button
        data = pressed.id if pressed is not None and pressed.id else "own"
        self.dismiss(Clone(self.query_one(NameField).name_typed, data))
