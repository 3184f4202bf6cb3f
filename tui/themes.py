"""themes/*.toml → Textual themes.

A theme file is one flat table of colours: Textual's own nine and ours (`production`, `faint`, `syn-*`, …).
Variables that Textual derives for its widgets are set from them here, once, so that a theme's author never
has to know them.

With `ansi = true` its colours are names, `bright-blue` or `default`, and the terminal decides how they look.
Widgets get a stand-in for each (they mix colours, which names do not), and `Sixteen` puts the terminal's own
in their place when a line is painted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import tomli
from textual.color import Color, ColorParseError
from textual.theme import Theme

from tui.settings import Problem, did_you_mean, line_of

DEFAULT = "dusk"
DEFAULT_LIGHT = "paper"
#: Colours that Textual's `Theme` has a field for.
CORE = ("background", "panel", "foreground", "accent", "success", "warning", "error")
#: Colours of ours.
OWN = (
    "muted",
    "faint",
    "line",
    "production",
    "production-dim",
    "on-fill",
    "cursor",
    "cursor-blur",
    "add",
    "del",
    "syn-keyword",
    "syn-string",
    "syn-number",
    "syn-name",
    "syn-function",
    "syn-comment",
)
#: Textual's variables and the colour each one gets.
DERIVED = {
    "block-cursor-background": "cursor",
    "block-cursor-foreground": "foreground",
    "block-cursor-blurred-background": "cursor-blur",
    "block-cursor-blurred-foreground": "foreground",
    "block-hover-background": "panel",
    "border": "accent",
    "border-blurred": "line",
    "footer-background": "panel",
    "footer-key-foreground": "accent",
    "footer-description-foreground": "muted",
    "scrollbar": "line",
    "scrollbar-hover": "muted",
    "scrollbar-active": "accent",
    "scrollbar-background": "background",
    "scrollbar-background-hover": "background",
    "scrollbar-background-active": "background",
    "scrollbar-corner-color": "background",
    "input-selection-background": "cursor",
    "input-cursor-background": "foreground",
    "input-cursor-foreground": "background",
}

#: The terminal's own colours by name, in its order, and how they are painted where nobody says otherwise.
SIXTEEN = {
    "black": "#000000",
    "red": "#aa0000",
    "green": "#00aa00",
    "yellow": "#aa5500",
    "blue": "#0000aa",
    "magenta": "#aa00aa",
    "cyan": "#00aaaa",
    "white": "#aaaaaa",
    "bright-black": "#555555",
    "bright-red": "#ff5555",
    "bright-green": "#55ff55",
    "bright-yellow": "#ffff55",
    "bright-blue": "#5555ff",
    "bright-magenta": "#ff55ff",
    "bright-cyan": "#55ffff",
    "bright-white": "#ffffff",
}
#: What stands in for the terminal's own text and background: unlike any of the sixteen.
OWN_TEXT = {True: "#f2f2f1", False: "#0c0d0d"}
OWN_BACK = {True: "#0c0d0d", False: "#f2f2f1"}
TINTS = {True: {"add": "#0d0c0d", "del": "#0d0d0c"}, False: {"add": "#f1f2f2", "del": "#f2f1f2"}}
#: Roles that are backgrounds: their `default` is the terminal's background.
BACKS = frozenset({"background", "panel", "cursor", "cursor-blur", "add", "del"})


@dataclass
class FileTheme(Theme):
    """A theme of ours, with what only its file knows."""

    native: bool = False
    """Whether its colours stand for the terminal's own sixteen."""
    tints: dict[str, str] = field(default_factory=dict)
    """Backgrounds that become a colour of the text, by name (`Sixteen`)."""


class ThemeFileError(Exception):
    """A theme file that cannot be used.

    Attributes:
        problem: Where and why.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def load(file: Path) -> FileTheme:
    """Read one theme file.

    Raises:
        ThemeFileError: It cannot be read, is not TOML, lacks a colour, or has a value that is none.
    """

    def wrong(message: str, key: str = "") -> ThemeFileError:
        return ThemeFileError(Problem(file, line_of(text, key) if key else None, key, message))

    text = ""
    try:
        text = file.read_text(encoding="utf-8")
        raw = tomli.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise wrong(f"cannot be read ({reason}).") from error
    except tomli.TOMLDecodeError as error:
        raise ThemeFileError(Problem(file, error.lineno, "", f"{error.msg}.")) from error
    name, dark, native = raw.pop("name", file.stem), raw.pop("dark", True), raw.pop("ansi", False)
    if not isinstance(name, str) or not isinstance(dark, bool):
        raise wrong("name must be a text and dark true or false.", "dark")
    if not isinstance(native, bool):
        raise wrong("ansi must be true or false.", "ansi")
    for key, value in raw.items():
        if key not in CORE and key not in OWN:
            raise wrong(f"unknown colour {key}.{did_you_mean(key, [*CORE, *OWN])}", key)
        if native and value not in ("default", *SIXTEEN):
            near = did_you_mean(str(value), ["default", *SIXTEEN])
            raise wrong(f"{key} = {value!r} is none of the terminal's sixteen colours.{near}", key)
        if not native and not _is_colour(value):
            raise wrong(f'{key} = {value!r} is not a colour; write it like "#1b3b5a".', key)
    if missing := [key for key in (*CORE, *OWN) if key not in raw]:
        raise wrong(f"has no colour for {', '.join(missing)}.")
    colours: dict[str, str] = raw
    tints: dict[str, str] = {}
    if native:
        own = {key: (OWN_BACK if key in BACKS else OWN_TEXT)[dark] for key in colours}
        colours = {key: SIXTEEN.get(value, own[key]) for key, value in colours.items()}
        # One of sixteen behind a whole line would shout: the line's text gets the colour instead.
        tints = {value: raw[key] for key, value in TINTS[dark].items() if raw[key] != "default"}
        colours |= {key: value for key, value in TINTS[dark].items() if value in tints}
    return FileTheme(
        name=name,
        dark=dark,
        native=native,
        tints=tints,
        primary=colours["accent"],
        secondary=colours["muted"],
        surface=colours["background"],
        boost=colours["panel"],
        text_alpha=1.0,
        background=colours["background"],
        panel=colours["panel"],
        foreground=colours["foreground"],
        accent=colours["accent"],
        success=colours["success"],
        warning=colours["warning"],
        error=colours["error"],
        variables={key: colours[key] for key in OWN} | {key: colours[role] for key, role in DERIVED.items()},
    )


def _is_colour(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(Color.parse(value))
    except ColorParseError:
        return False


def files(*folders: Path) -> list[Path]:
    """The theme files of some folders, by name; a folder that is not there has none."""
    return sorted(
        (file for folder in folders if folder.is_dir() for file in folder.glob("*.toml")),
        key=lambda file: (file.stem != DEFAULT, file.stem),
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """The sentence that helps with a theme's misspelt name."""
    names = sorted(set(known))
    return did_you_mean(name, names).strip() or f"There are {', '.join(names[:6])}, …"


def load_all(found: Iterable[Path]) -> tuple[list[FileTheme], list[Problem]]:
    """Load several files; those that cannot be used are told about and left out."""
    themes: list[FileTheme] = []
    problems: list[Problem] = []
    for file in found:
        try:
            themes.append(load(file))
        except ThemeFileError as error:
            problems.append(error.problem)
    return themes, problems
