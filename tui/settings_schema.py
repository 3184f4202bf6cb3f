"""The JSON schema of config.toml, for editors that complete and check TOML with one.

Made from the fields of `Settings`, which also check the file: the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from tui.commands.base import Command
from tui.settings import Settings

Json = dict[str, Any]
DRAFT = "https://json-schema.org/draft-07/schema"
TYPES = {bool: "boolean", int: "integer", str: "string"}


def schema(commands: Iterable[type[Command]]) -> Json:
    """The schema of the whole file.

    Args:
        commands: Those that `[keymap]` may name.
    """
    return {
        "$schema": f"{DRAFT}#",
        "title": "config.toml of svc-tui",
        **_table(Settings, _keymap(commands)),
    }


def _table(settings: type[Any], keymap: Json) -> Json:
    """A table: its fields, and nothing else."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {item.name: _entry(item, keymap) for item in fields(settings)},
    }


def _entry(item: Field[Any], keymap: Json) -> Json:
    """One field."""
    default = item.default if item.default_factory is MISSING else item.default_factory()
    words = {"description": item.metadata["words"]}
    if is_dataclass(default):
        return {**words, **_table(type(default), keymap)}
    if isinstance(default, dict):
        return {**words, **keymap}
    rules = {rule: item.metadata[rule] for rule in ("minimum", "maximum") if rule in item.metadata}
    return {**words, "type": TYPES[type(default)], "default": default, **rules}


def _keymap(commands: Iterable[type[Command]]) -> Json:
    """`[keymap]`: a command's id, and Textual's names of keys separated by commas."""
    properties = {
        command.id: {
            "type": "string",
            "description": f"{command.sentence()} Its own: {command.BINDING_KEY}",
        }
        for command in commands
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}
