"""Every command there is, for checking a keymap and for the README's table."""

from __future__ import annotations

import importlib
import pkgutil

from tui import commands
from tui.commands.base import Command


def known_commands() -> list[type[Command]]:
    """All command classes that have a key, in the order of their modules."""
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"tui.commands.{module.name}")
    found: dict[str, type[Command]] = {}
    for command in Command.__subclasses__():
        if command.BINDING_KEY and command.__module__.startswith("tui.commands."):
            found.setdefault(command.id, command)
    return list(found.values())


def known_ids() -> set[str]:
    """The ids that `[keymap]` may name."""
    return {command.id for command in known_commands()}
