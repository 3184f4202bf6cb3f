"""Every command there is, for checking a keymap and for the README's table."""

from __future__ import annotations

import importlib
import pkgutil

from tui import commands
from tui.commands.base import Command


def all_commands() -> list[type[Command]]:
    """All command classes, in the order of their modules."""
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"tui.commands.{module.name}")
    found = [one for one in Command.__subclasses__() if one.__module__.startswith("tui.commands.")]
    return sorted(found, key=lambda one: one.__module__)  # whichever was imported first


def known_commands() -> list[type[Command]]:
    """All that have a key."""
    return [command for command in all_commands() if command.BINDING_KEY]


def known_ids() -> set[str]:
    """The ids that `[keymap]` may name."""
    return {command.id for command in known_commands()}
