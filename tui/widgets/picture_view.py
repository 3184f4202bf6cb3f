"""Draws an image in a pane, as large as it fits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.color import Color as Shade
from textual.strip import Strip
from textual.widget import Widget

from tui.picture import NoPicture, Picture, draw


class PictureView(Widget, can_focus=True):
    """Decoding happens in a thread; a resize draws it anew from the file."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._content = b""
        self._failed: Callable[[str], None] | None = None
        self._strips: list[Strip] = []
        self.note = ""
        """What it is, and what keeps it from being drawn."""

    def show(self, content: bytes, failed: Callable[[str], None]) -> None:
        """Draw an image.

        Args:
            content: The file.
            failed: Told why when it cannot be drawn.
        """
        if content == self._content and self._strips:
            return
        self._content, self._failed, self._strips = content, failed, []
        self._draw()

    def on_resize(self) -> None:
        """Another size is another picture."""
        if self._content:
            self._draw()

    @work(exclusive=True, group="picture")
    async def _draw(self) -> None:
        room = self.scrollable_content_region.size
        if not room.width or not room.height:
            return  # the layout comes, and with it `on_resize`
        background = Shade.parse(self.app.theme_variables["background"]).rgb
        try:
            found = await asyncio.to_thread(draw, self._content, room.width, room.height, background)
        except NoPicture as error:
            self._content = b""
            if self._failed is not None:
                self._failed(str(error))
            return
        self.note = found.note
        self._strips = _strips(found)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row of cells."""
        width = self.size.width
        if y >= len(self._strips):
            return Strip.blank(width, self.rich_style)
        return self._strips[y].adjust_cell_length(width, self.rich_style)


def _strips(picture: Picture) -> list[Strip]:
    return [
        Strip(
            [Segment("▀", Style(color=Color.from_rgb(*up), bgcolor=Color.from_rgb(*low))) for up, low in row]
        )
        for row in picture.rows
    ]
