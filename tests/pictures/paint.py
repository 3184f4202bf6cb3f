"""Paints what a terminal would show as a PNG: the cells themselves, so that lines meet as in a terminal."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from rich.color import Color, ColorSystem
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from textual.app import App

RGB = tuple[int, int, int]
#: Found through fontconfig.
FAMILY = "DejaVu Sans Mono"
#: Points; a cell is as wide as the font's letters.
SIZE = 15
LEADING = 1.2
#: Text of less contrast than this is told (WCAG AA).
LEAST = 4.5


@lru_cache
def face(bold: bool, italic: bool) -> ImageFont.FreeTypeFont:
    """A face of the family."""
    style = " ".join(filter(None, ("Bold" if bold else "", "Oblique" if italic else ""))) or "Book"
    asked = ["fc-match", "-f", "%{file}", f"{FAMILY}:style={style}"]
    return ImageFont.truetype(subprocess.run(asked, capture_output=True, text=True, check=True).stdout, SIZE)


def colour(found: Color | None, default: RGB, few: bool) -> RGB:
    """Red, green, blue.

    Args:
        found: The cell's colour.
        default: What stands for the terminal's own.
        few: Show it as a terminal of 256 colours does.
    """
    if found is None or found.is_default:
        return default
    if few and found.triplet is not None:
        found = found.downgrade(ColorSystem.EIGHT_BIT)
    shown = found.get_truecolor(DEFAULT_TERMINAL_THEME)
    return shown.red, shown.green, shown.blue


def cells(app: App[Any], few: bool) -> Iterator[tuple[int, int, str, RGB, RGB, Style]]:
    """Every cell of the screen: column, row, sign, colour, background, style."""
    dark = app.current_theme.dark
    text, back = ((220, 220, 220), (0, 0, 0)) if dark else ((0, 0, 0), (255, 255, 255))
    for row, strip in enumerate(app.screen._compositor.render_strips()):
        column = 0
        for part, given, control in strip:
            if control:
                continue
            style = given or Style()
            fore, fill = colour(style.color, text, few), colour(style.bgcolor, back, few)
            if style.reverse:
                fore, fill = fill, fore
            for sign in part:
                yield column, row, sign, fore, fill, style
                column += 1


def picture(app: App[Any], file: Path, few: bool = False) -> None:
    """Write what is on the app's screen to a PNG.

    Args:
        app: The app, running.
        file: Where to.
        few: As in a terminal of 256 colours.
    """
    wide = round(face(False, False).getlength("M"))
    high = round(SIZE * LEADING)
    size = app.size
    image = Image.new("RGB", (size.width * wide, size.height * high))
    draw = ImageDraw.Draw(image)
    found = list(cells(app, few))
    for x, y, _, _, fill, _ in found:
        draw.rectangle((x * wide, y * high, (x + 1) * wide - 1, (y + 1) * high - 1), fill=fill)
    for x, y, sign, fore, _, style in found:
        left, top, eighths = x * wide, y * high, ord(sign) - 0x2580
        if 1 <= eighths <= 8:  # blocks: the font's own leave a gap
            draw.rectangle(
                (left, top + high - round(high * eighths / 8), left + wide - 1, top + high - 1), fill=fore
            )
        elif sign != " ":
            letters = face(bool(style.bold), bool(style.italic))
            draw.text((left, top + SIZE * 0.98), sign, font=letters, fill=fore, anchor="ls")
        if style.underline:
            draw.line((left, top + high - 2, left + wide - 1, top + high - 2), fill=fore)
    image.save(file, optimize=True)


def weak(app: App[Any], few: bool = False) -> dict[str, float]:
    """Pieces of text with less contrast than `LEAST`, and their ratio."""
    found: dict[tuple[RGB, RGB], str] = {}
    for _, _, sign, fore, fill, _ in cells(app, few):
        if sign.isalnum():
            found[fore, fill] = found.get((fore, fill), "") + sign
    ratios = {text[:40]: ratio(*pair) for pair, text in found.items()}
    return {text: round(value, 2) for text, value in ratios.items() if value < LEAST}


def ratio(one: RGB, other: RGB) -> float:
    """The contrast of two colours, 1 to 21, as WCAG defines it."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(rgb: RGB) -> float:
    """How light a colour is, 0 to 1."""
    red, green, blue = (
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
