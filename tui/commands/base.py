"""What a command is, and what a screen, widget or app is that answers to commands.

A command is a message. Its class is its whole declaration:

    class Promote(Command):
        '''Move this environment's code to another one, after a look at the difference.'''

        NAME = "environment: Promote…"
        BINDING_KEY = "P"
        SHOW_IN_FOOTER = True
        FOOTER_TEXT = "Promote…"

The host lists it in `COMMAND_CLASSES` and handles it with `@on(Promote)`. Key press, footer click and
palette all end in that one message. (The idea is davep's, from textual-enhanced.)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import Binding
from textual.message import Message

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from tui.app import SvcApp

    Node = DOMNode
else:
    # Not a DOMNode at run time: CSS takes a class's first DOMNode base for its type name.
    Node = object


class Command(Message):
    """Something a person can do. Subclasses say in their docstring what it does; that is the help."""

    NAME: ClassVar[str] = ""
    """In the palette, `group: Verb`, with `…` when a dialog follows. Empty: not in the palette."""

    BINDING_KEY: ClassVar[str] = ""
    """Textual keys, separated by commas; the first one is shown. Empty: palette only."""

    KEY_DISPLAY: ClassVar[str | None] = None
    """How the key is written, where Textual's own way would be unclear."""

    SHOW_IN_FOOTER: ClassVar[bool] = False
    """Whether the key row shows it."""

    FOOTER_TEXT: ClassVar[str] = ""
    """Its word in the key row."""

    HELP_TEXT: ClassVar[str] = ""
    """Its words in the keys help, short; the docstring's first sentence when empty."""

    CHANGES: ClassVar[bool] = False
    """Whether `--read-only` refuses it."""

    ACTION: ClassVar[str] = ""
    """A widget's own action that does it (`cursor_down`); else the command is posted as a message."""

    PRIORITY: ClassVar[bool] = False
    """Whether the key works even where the focused widget wants it."""

    id: ClassVar[str] = ""
    """The name in the keymap: the class name in kebab-case. Set by the class itself."""

    def __init_subclass__(cls, **options: Any) -> None:
        # A namespace of their own: a command called Paste must not reach an `on_paste`.
        super().__init_subclass__(**{"namespace": "command", **options})
        cls.id = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def sentence(cls) -> str:
        """The first sentence of the docstring."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())

    @classmethod
    def help_text(cls) -> str:
        """The words beside the key in the keys help."""
        if cls.HELP_TEXT:
            return cls.HELP_TEXT
        text = cls.sentence().split(". ")[0].rstrip(".")
        return text[:1].lower() + text[1:]

    @classmethod
    def binding(cls) -> Binding:
        """The Textual binding. The action names the command: Footer folds equal actions into one key."""
        return Binding(
            cls.BINDING_KEY,
            cls.ACTION or f"command('{cls.id}')",
            cls.FOOTER_TEXT or cls.NAME.partition(": ")[2] or cls.help_text(),
            show=cls.SHOW_IN_FOOTER,
            key_display=cls.KEY_DISPLAY,
            tooltip=cls.sentence(),
            priority=cls.PRIORITY,
            id=cls.id,
        )


class CommandHost(Node):
    """Mix-in, first base of an app, screen or widget that answers to commands."""

    COMMAND_CLASSES: ClassVar[tuple[type[Command], ...]] = ()
    """The commands answered here, in the order of the key row: most useful first."""

    HELP_TITLE: ClassVar[str] = ""
    """The heading over these commands in the keys help."""

    def __init_subclass__(cls, **options: Any) -> None:
        own = cls.__dict__.get("COMMAND_CLASSES", ())
        if bindings := [command.binding() for command in own if command.BINDING_KEY]:
            cls.BINDINGS = [*cls.__dict__.get("BINDINGS", ()), *bindings]
        super().__init_subclass__(**options)

    @property
    def svc(self) -> SvcApp:
        """The app, as what it is."""
        return cast("SvcApp", self.app)

    @classmethod
    def commands(cls) -> tuple[type[Command], ...]:
        """All commands answered here, those of base classes last."""
        found: dict[str, type[Command]] = {}
        for base in cls.__mro__:
            for command in base.__dict__.get("COMMAND_CLASSES", ()):
                found.setdefault(command.id, command)
        return tuple(found.values())

    def allows(self, command: type[Command]) -> bool | None:
        """Whether a command makes sense right now.

        Returns:
            True yes, None greyed out, False not even shown.
        """
        return True

    def use(self, command: type[Command]) -> None:
        """Do a command, unless `--read-only` forbids it or it makes no sense now."""
        if self.allows(command) is not True:
            return
        if command.CHANGES and self.svc.read_only:
            self.svc.notify(
                f"{command.FOOTER_TEXT or command.NAME}: {self.svc.read_only_because}.",
                severity="warning",
            )
            return
        self.post_message(command())

    def forbids(self, action: str) -> bool:
        """Whether a binding's action changes something where nothing may be changed."""
        if not self.svc.read_only:
            return False
        return any(one.CHANGES and action == one.binding().action for one in self.commands())

    async def action_command(self, command_id: str) -> None:
        """What every command's binding calls.

        Args:
            command_id: The command's id, e.g. `promote`.
        """
        for command in self.commands():
            if command.id == command_id:
                self.use(command)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Textual asks this for the footer and before a key works."""
        if action == "command":
            for command in self.commands():
                if (command.id,) == parameters:
                    return self.allows(command)
        return super().check_action(action, parameters)


def hosts(node: DOMNode | None) -> list[CommandHost]:
    """The command hosts from a node (the focused widget, or the screen) up to the app, nearest first."""
    return [host for host in (node.ancestors_with_self if node else ()) if isinstance(host, CommandHost)]
