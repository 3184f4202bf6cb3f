"""What is done to every painted line before it goes to the terminal: fewer signs, fewer colours, or none.

Widgets paint the same signs and the theme's full colours everywhere. A terminal (or a reader) that cannot
have them gets them translated here, at the one place that all lines pass: no widget has to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from tui.themes import OWN_BACK, OWN_TEXT, SIXTEEN, FileTheme

Triplet = tuple[int, int, int]
DEFAULT = RichColor.default()
REVERSE = Style(reverse=True)

#: Signs of one cell, and what stands for each. Beside a sign there is always a word that says the same.
PAIRS = (
    ("▲▼●◐○◌✗✓◆⊘◷▾▸▶◀■□▪", "^vo~..xv*0@v>><#o*"),
    ("→←↑↓↳↵…–—−›‹«»·•×≤≥≠∥“”‘’¶", "><^v><.---><<>-*x<>!|\"\"''P"),
    ("▌▐▏▎▍▋▊▉░▒▓▔▀▄█▇▆▅▃▂▁", "||||||||.:#--_#%*+=-_"),
    ("│┃╏┆┊║─━═╍┄┈╌", "|#:::#-==...."),
    ("╭╮╰╯┌┐└┘├┤┬┴┼", "+++++++++++++"),
    ("┏┓┗┛┣┫┳┻╋╔╗╚╝", "#############"),
)
SIGNS = {sign: plain for signs, plains in PAIRS for sign, plain in zip(signs, plains, strict=True)}
#: Braille cells are pictures of up to eight dots: the more dots, the more ink.
INK = " .:-=+*%#"
BRAILLE = {chr(0x2800 + dots): INK[dots.bit_count()] for dots in range(256)}
#: The rest of the lines and blocks.
LINES = {chr(code): "+" for code in range(0x2500, 0x2580)}
BLOCKS = {chr(code): "#" for code in range(0x2580, 0x25A0)}
ASCII = str.maketrans({**LINES, **BLOCKS, **BRAILLE, **SIGNS})


class Ascii(LineFilter):
    """Plain signs for lines, marks and dots. What people wrote in other letters stays as it is."""

    FOR_SIGNS = True
    """Not for what must be shown to the letter (see CodeArea)."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """A line with plain signs, as wide as it was."""
        return [
            segment if segment.text.isascii() else Segment(segment.text.translate(ASCII), *segment[1:])
            for segment in segments
        ]


class WithoutColour(LineFilter):
    """No colours (https://no-color.org): what only a colour said is said by reverse, underline or bold.

    Args:
        fills: Backgrounds that mean something, such as the cursor's row, and what stands for each.
    """

    def __init__(self, fills: Mapping[Triplet, Style]) -> None:
        super().__init__()
        self._fills = fills
        self._plain = lru_cache(1024)(self._without)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """A line in the terminal's own two colours."""
        return [
            Segment(text, style and self._plain(style), control)  # None stays None
            for text, style, control in segments
        ]

    def _without(self, style: Style) -> Style:
        # Reversed already (a scrollbar's bar): what looks like the background is its colour.
        fill = style.color if style.reverse else style.bgcolor
        attributes = self._fills.get(_triplet(fill)) if fill is not None else None
        plain = style + Style(color=DEFAULT, bgcolor=DEFAULT, dim=False, reverse=False)
        return plain + attributes if attributes is not None else plain


class Sixteen(LineFilter):
    """The terminal's own sixteen colours instead of the theme's stand-ins for them.

    Args:
        stand_ins: Colours of the theme, and the terminal's that they stand for.
        tints: Backgrounds that become the text's colour: one of sixteen behind a whole line would shout.
        dark: Whether the terminal is.
    """

    def __init__(
        self, stand_ins: Mapping[Triplet, RichColor], tints: Mapping[Triplet, RichColor], dark: bool
    ) -> None:
        super().__init__()
        self._on_fill = RichColor.from_ansi(15 if dark else 0)
        self._stand_ins = stand_ins
        self._tints = tints
        self._few = lru_cache(1024)(self._of_sixteen)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """A line in sixteen colours."""
        return [Segment(text, style and self._few(style), control) for text, style, control in segments]

    def _of_sixteen(self, style: Style) -> Style:
        text, back = style.color, style.bgcolor
        if back is not None and (tint := self._tints.get(_triplet(back))) is not None:
            return style + Style(color=tint, bgcolor=DEFAULT, dim=False)
        text, back = self._own(text, TEXT), self._own(back, BACK)
        if back is TEXT:  # a field's cursor: the text's colour as the background
            return style + Style(color=DEFAULT, bgcolor=DEFAULT, reverse=not style.reverse, dim=False)
        if text is TEXT:  # the terminal's own text goes with its own background, not with a fill
            text = DEFAULT if back is BACK or back is None else self._on_fill
        return style + Style(
            color=BLACK if text is BACK else text,
            bgcolor=DEFAULT if back is BACK else back,
            dim=False,
        )

    def _own(self, color: RichColor | None, default: RichColor) -> RichColor | None:
        """The terminal's colour: the one stood in for, else the nearest (colours get mixed for shadows)."""
        if color is None:
            return None
        if color.is_default:
            return default
        return self._stand_ins.get(_triplet(color)) or color.downgrade(ColorSystem.STANDARD)


#: The terminal's own text and background, told apart until it is known where they go.
TEXT = RichColor("text", DEFAULT.type)
BACK = RichColor("back", DEFAULT.type)
BLACK = RichColor.from_ansi(0)
#: Backgrounds that mean something, the last ones first: two may be the same colour.
FILLS = {
    "line": REVERSE,  # a scrollbar's bar
    "muted": REVERSE,
    "cursor-blur": Style(underline=True),
    "cursor": REVERSE,
    "foreground": REVERSE,
    "accent": REVERSE,
    "success": REVERSE,
    "warning": REVERSE,
    "error": REVERSE + Style(bold=True),
    "production": REVERSE + Style(bold=True),
}


def without_colour(variables: Mapping[str, str]) -> WithoutColour:
    """The filter for NO_COLOR.

    Args:
        variables: The theme's (`App.theme_variables`).
    """
    return WithoutColour({triplet(variables[role]): style for role, style in FILLS.items()})


def sixteen(theme: FileTheme) -> Sixteen:
    """The filter for a theme of the terminal's own colours."""
    named = {name: RichColor.from_ansi(number) for number, name in enumerate(SIXTEEN)}
    stand_ins = {triplet(color): named[name] for name, color in SIXTEEN.items()}
    stand_ins |= {triplet(OWN_TEXT[theme.dark]): TEXT, triplet(OWN_BACK[theme.dark]): BACK}
    return Sixteen(stand_ins, {triplet(tint): named[name] for tint, name in theme.tints.items()}, theme.dark)


def triplet(color: str) -> Triplet:
    """Red, green and blue of a theme's colour."""
    return Color.parse(color).rgb


def _triplet(color: RichColor) -> Triplet:
    """Red, green and blue; of a colour that has none, those it is usually painted with."""
    found = color.triplet or color.get_truecolor()
    return (found.red, found.green, found.blue)
