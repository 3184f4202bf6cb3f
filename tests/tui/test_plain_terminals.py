"""Terminals (and readers) with less: 256 or 16 colours, none, or no signs beyond ASCII."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from account import app_on, browsing, notes
from bench_app import opened
from rich.color import Color, ColorType
from rich.style import Style
from textual.pilot import Pilot
from waiting import seen, until

from tui import filters


def styles(pilot: Pilot[None]) -> Iterator[tuple[str, Style]]:
    """Every piece of the screen with its style."""
    for strip in pilot.app.screen._compositor.render_strips():
        for text, style, control in strip:
            if text.strip() and style is not None and not control:
                yield text, style


def colours(pilot: Pilot[None]) -> set[Color]:
    """All that is on the screen."""
    return {one for _, style in styles(pilot) for one in (style.color, style.bgcolor) if one is not None}


@pytest.mark.parametrize(
    ("environment", "theme"),
    [
        ({"COLORTERM": "truecolor"}, "dusk"),
        ({"COLORTERM": "", "TERM": "screen-256color"}, "xterm"),
        ({"COLORTERM": "", "TERM": "linux"}, "ansi"),
    ],
)
def test_the_theme_fits_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], theme: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert app_on(notes(), tmp_path).theme == theme
    assert app_on(notes(), tmp_path, theme="paper").theme == "paper"


async def test_no_color_leaves_none_and_says_it_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        await browsing(pilot)
        await pilot.press("G")
        await until(pilot, lambda: "2 notes › staging" in seen(pilot))
        assert all(colour.is_default for colour in colours(pilot))
        assert "staging" in "".join(text for text, style in styles(pilot) if style.reverse), "the cursor"
        assert "╔" in seen(pilot), "the focus"


async def test_sixteen_colours_are_the_terminals_own(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path, theme="ansi").run_test(size=(120, 40)) as pilot:
        await browsing(pilot)
        assert pilot.app.has_class("-native")
        await pilot.press("G")
        await until(pilot, lambda: "2 notes › staging" in seen(pilot))
        found = colours(pilot)
        assert {colour.type for colour in found} == {ColorType.DEFAULT, ColorType.STANDARD}
        row = [style for _, style in styles(pilot) if style.bgcolor == Color.from_ansi(4)]
        assert row
        assert Color.from_ansi(15) in [style.color for style in row], (
            "the terminal's own text may be unreadable on a fill"
        )
        pilot.app.theme = "dusk"
        await pilot.pause()
        assert not pilot.app.has_class("-native")
        assert {colour.type for colour in colours(pilot)} == {ColorType.TRUECOLOR}


async def test_ascii_has_no_other_sign(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path, ascii=True).run_test(size=(160, 40)) as pilot:
        await browsing(pilot)
        await until(pilot, lambda: "^ production" in seen(pilot))
        assert seen(pilot).isascii()
        await pilot.press("f1")
        await until(pilot, lambda: "esc closes" in seen(pilot))
        assert seen(pilot).isascii()


async def test_ascii_shows_code_as_it_is(tmp_path: Path, config: Path) -> None:
    (config / "config.toml").write_text("ascii = true\n", encoding="utf-8")
    async with opened(tmp_path) as it:
        editor = it.screen.editor_pane.editor
        assert editor is not None
        editor.replace_all('const arrow = "→ é 木";\n')
        editor.marks = {0: "no such thing"}
        await it.until(lambda: "→ é 木" in seen(it.pilot))
        assert "x no such thing" in seen(it.pilot)
        assert not set(seen(it.pilot).replace("→ é 木", "")) & set(filters.SIGNS)
