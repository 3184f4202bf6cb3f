"""The words that may be meant, beside the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Offset
from textual.widget import Widget

from tui.completion import Candidate

ROWS = 8
WIDEST = 44


class CompletionList(Widget):
    """Up to eight words over the text. It never has the focus: the editor goes on getting the keys."""

    DEFAULT_CSS = """
    CompletionList {
        overlay: screen; constrain: inside inflect; position: absolute; display: none;
        width: auto; height: auto; background: $panel; color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.candidates: list[Candidate] = []
        self.stem = ""
        self.chosen = 0
        self.picked = False
        """Whether the arrows chose: only then enter takes the word instead of ending the line."""

    def offer(self, stem: str, candidates: Sequence[Candidate], at: Offset) -> None:
        """Show what may be meant; nothing hides the list.

        Args:
            stem: The letters that are there.
            candidates: What they may become.
            at: The cell below the stem's first letter, on the screen.
        """
        self.candidates, self.stem, self.chosen, self.picked = list(candidates), stem, 0, False
        self.display = bool(candidates)
        if candidates:
            self.absolute_offset = at
            self.refresh(layout=True)

    def hide(self) -> None:
        """Offer nothing."""
        if self.display:
            self.display = False
            self.candidates = []

    def move(self, step: int) -> None:
        """Choose another word."""
        self.chosen = (self.chosen + step) % len(self.candidates)
        self.picked = True
        self.refresh()

    def render(self) -> Content:
        """The words around the chosen one, with what they are."""
        top = max(0, min(self.chosen - ROWS + 1, len(self.candidates) - ROWS))
        shown = self.candidates[top : top + ROWS]
        left = min(WIDEST, max((len(item.word) for item in shown), default=0))
        right = max((len(item.kind) for item in shown), default=0)
        rows = []
        for number, item in enumerate(shown, top):
            here = number == self.chosen
            style = "$foreground on $cursor" if here else "$foreground on $panel"
            quiet = "$foreground" if here else "$muted"
            rows.append(
                Content.from_markup(
                    f"[{style}] $word  [{quiet}]$kind[/] [/]",
                    word=item.word[:WIDEST].ljust(left),
                    kind=item.kind.rjust(right),
                )
            )
        return Content("\n").join(rows)
