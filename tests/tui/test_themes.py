"""themes/*.toml: those that come with the app can be read by eye and by program; bad ones stop nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from account import app_on, browsing, notes
from rich.color import ColorSystem
from textual.color import Color
from waiting import seen, until

from tui import paths, themes
from tui.themes import CORE, OWN, ThemeFileError

SHIPPED = themes.files(paths.THEMES)
#: Text colours, and what they stand on.
TEXT = (
    *("foreground", "muted", "faint", "accent", "success", "warning", "error", "production"),
    *(name for name in OWN if name.startswith("syn-")),
)


def contrast(one: Color, other: Color) -> float:
    """WCAG 2.2's contrast ratio, 1 to 21."""

    def luminance(color: Color) -> float:
        parts = (part / 255 for part in color.rgb)
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def values(file: Path) -> dict[str, Color]:
    theme = themes.load(file)
    named = {name: getattr(theme, name) for name in CORE} | {name: theme.variables[name] for name in OWN}
    return {name: Color.parse(value) for name, value in named.items()}


def test_there_are_dark_and_light_ones_and_the_default_is_first() -> None:
    assert SHIPPED[0].stem == themes.DEFAULT
    assert {"paper", "contrast", "okabe", "xterm", "ansi"} <= {file.stem for file in SHIPPED}
    assert {themes.load(file).dark for file in SHIPPED} == {True, False}


NATIVE = [file for file in SHIPPED if themes.load(file).native]


# How the terminal's own colours look, it decides.
@pytest.mark.parametrize("file", [file for file in SHIPPED if file not in NATIVE], ids=lambda file: file.stem)
def test_text_can_be_read(file: Path) -> None:
    colour = values(file)
    for name in TEXT:
        assert contrast(colour[name], colour["background"]) >= 4.5, name
    for name in ("foreground", "muted", "faint", "accent"):
        assert contrast(colour[name], colour["panel"]) >= 4.5, name
    for back in ("cursor", "cursor-blur", "add", "del"):
        assert contrast(colour["foreground"], colour[back]) >= 4.5, back
    for fill in ("production", "success", "warning", "error", "accent"):
        assert contrast(colour["on-fill"], colour[fill]) >= 4.5, fill


def test_nothing_else_looks_like_production() -> None:
    for file in SHIPPED:
        colour = values(file)
        others = {name: value for name, value in colour.items() if not name.startswith("production")}
        assert colour["production"] not in others.values(), file.stem


def test_256_colours_lose_nothing() -> None:
    for name, colour in values(paths.THEMES / "xterm.toml").items():
        shown = colour.rich_color.downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
        # Rich takes the next darker one of the light greys.
        lost = 10 if colour.r == colour.g == colour.b > 0x94 else 0
        assert [one - lost for one in colour.rgb] == [*shown], name


def copy(folder: Path, old: str, new: str) -> Path:
    text = (paths.THEMES / "dusk.toml").read_text(encoding="utf-8")
    assert old in text
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "mine.toml"
    file.write_text(text.replace(old, new, 1).replace('name = "dusk"', 'name = "mine"'), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('accent = "#6cb6ff"', 'accent = "blu"', "accent = 'blu' is not a colour"),
        ('accent = "#6cb6ff"', "accent = 7", "accent = 7 is not a colour"),
        ("accent =", "acent =", "unknown colour acent. Did you mean accent?"),
        ('muted = "#9ca4af"', "", "has no colour for muted."),
        ("dark = true", "dark = 1", "dark true or false"),
        ("dark = true", "dark = ", "Invalid value"),
        ("dark = true", "ansi = 1", "ansi must be true or false."),
        ("dark = true", "ansi = true", "is none of the terminal's sixteen colours."),
    ],
)
def test_a_bad_file_says_where_and_why(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ThemeFileError, match=r"mine\.toml") as caught:
        themes.load(copy(tmp_path, old, new))
    assert words in str(caught.value)


async def test_a_user_theme_is_used(tmp_path: Path, config: Path) -> None:
    copy(config / "themes", "#6cb6ff", "#00ff00")
    async with app_on(notes(), tmp_path, theme="mine").run_test(notifications=True) as pilot:
        await browsing(pilot)
        assert pilot.app.theme_variables["accent"].lower() == "#00ff00"


async def test_a_user_theme_is_taken_anew_when_its_file_changes(tmp_path: Path, config: Path) -> None:
    file = copy(config / "themes", "#6cb6ff", "#00ff00")
    good = file.read_text(encoding="utf-8")
    async with app_on(notes(), tmp_path, theme="mine").run_test(notifications=True, size=(120, 40)) as pilot:
        await browsing(pilot)

        async def written(text: str, holds: Callable[[], object]) -> None:
            """Again and again: the watch may not have begun yet."""
            async with asyncio.timeout(20):
                while not holds():
                    file.write_text(text, encoding="utf-8")
                    await pilot.pause(0.3)

        app = pilot.app
        await written(
            good.replace("#00ff00", "#00ffcc"), lambda: app.theme_variables["accent"].lower() == "#00ffcc"
        )
        await until(pilot, lambda: app.screen.query_one("#services").styles.border_top[1].hex == "#00FFCC")
        await written(good.replace("accent =", "acent ="), lambda: "Did you mean accent?" in seen(pilot))
        assert "The colours stay" in seen(pilot)
        assert app.theme_variables["accent"].lower() == "#00ffcc"
        await written(
            good.replace("#00ff00", "#00ccff"), lambda: app.theme_variables["accent"].lower() == "#00ccff"
        )


async def test_a_bad_user_theme_falls_back_and_is_told(tmp_path: Path, config: Path) -> None:
    copy(config / "themes", "#6cb6ff", "nope")
    async with app_on(notes(), tmp_path, theme="mine").run_test(notifications=True, size=(120, 40)) as pilot:
        await browsing(pilot)
        assert pilot.app.theme == "dusk"
        await until(pilot, lambda: "is not a colour" in seen(pilot))


async def test_a_misspelt_theme_names_the_nearest(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path, theme="papr").run_test(notifications=True, size=(120, 40)) as pilot:
        await browsing(pilot)
        await until(pilot, lambda: "no theme papr. Did you mean paper?" in seen(pilot))


@pytest.mark.parametrize("theme", ["textual-light", "ansi-dark"])
async def test_foreign_themes_get_our_colours(tmp_path: Path, theme: str) -> None:
    async with app_on(notes(), tmp_path, theme=theme).run_test(notifications=True) as pilot:
        await browsing(pilot)
        assert pilot.app.theme == theme
        assert "production" in pilot.app.theme_variables


async def test_the_picked_theme_is_kept(tmp_path: Path, config: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(notifications=True, size=(120, 40)) as pilot:
        await browsing(pilot)
        await pilot.press("f2")
        await pilot.press(*"okabe")
        await until(pilot, lambda: "okabe" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.theme == "okabe")
        await until(pilot, lambda: (config / "config.toml").is_file())
    assert (config / "config.toml").read_text(encoding="utf-8") == 'theme = "okabe"\n'
