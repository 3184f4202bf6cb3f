"""Text that people typed, inside Textual markup.

Textual's own `escape` lets a bracket before a capital letter or a digit through, and its parser then takes
`[MAIL]` for a style: the word vanishes from the screen.
"""

from __future__ import annotations

BRACKET = "\\["
WALL = "\u200b"
"""Takes no room; keeps a backslash at the end from the tag that follows."""


def escape(text: str) -> str:
    """Markup that shows the text as it is."""
    return text.replace("[", BRACKET) + (WALL if text.endswith("\\") else "")
