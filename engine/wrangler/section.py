"""One section of a configuration file, the top level or an `[env.NAME]`, and how errors name its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.wrangler.errors import ProjectError


@dataclass(frozen=True, slots=True)
class Section:
    """The values of one environment.

    Attributes:
        file: the configuration file.
        prefix: what stands before a key in errors: "" or "env.NAME.".
        values: the section's own.
        top: those of the top level, which some keys are inherited from.
    """

    file: Path
    prefix: str
    values: Mapping[str, Any]
    top: Mapping[str, Any]

    def inherited(self, key: str, kind: type) -> Any:
        """A value of the section, else of the top level; None where neither has it."""
        own = key in self.values
        value = self.values.get(key, self.top.get(key))
        if kind is str and hasattr(value, "isoformat"):
            value = value.isoformat()  # TOML knows dates: compatibility_date = 2026-11-01
        if value is not None and not isinstance(value, kind):
            raise self.error((self.prefix if own else "") + key, f"must be {_WORDS[kind]}")
        return value

    def items(self, key: str, within: str = "") -> list[tuple[str, Mapping[str, Any]]]:
        """A list of tables with the place of each, `[[key]]` or `[[within.key]]`; empty without one."""
        place = f"{self.prefix}{within}{'.' if within else ''}{key}"
        table = self.values.get(within, {}) if within else self.values
        value = table.get(key, []) if isinstance(table, dict) else None
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(place, "must be a list of tables")
        return [(f"{place}[{number}]", item) for number, item in enumerate(value)]

    def text(self, place: str, item: Mapping[str, Any], key: str) -> str:
        """A text that a table must have."""
        value = item.get(key)
        if not isinstance(value, str) or not value:
            raise self.error(f"{place}.{key}", "is missing" if value is None else "must be text")
        return value

    def number(self, place: str, item: Mapping[str, Any], key: str) -> int | float | None:
        """A number that a table may have."""
        value = item.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise self.error(f"{place}.{key}", "must be a number")
        return value

    def error(self, key: str, message: str) -> ProjectError:
        """An error at a key of the file."""
        return ProjectError(self.file, message, key)


_WORDS: Final[Mapping[type, str]] = {str: "text", list: "a list", dict: "a table", bool: "true or false"}
