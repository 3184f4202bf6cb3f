"""The last row: what can be pressed here."""

from __future__ import annotations

from textual import events
from textual.widgets import Footer


class KeyBar(Footer):
    """A footer that drops whole keys from the right instead of cutting one in half."""

    async def recompose(self) -> None:
        """Compose again, then drop what does not fit."""
        await super().recompose()
        self.call_after_refresh(self.trim)

    def on_resize(self, event: events.Resize) -> None:
        """Drop what does not fit any more, bring back what does."""
        self.call_after_refresh(self.trim)

    def trim(self) -> None:
        """Hide keys from the first one on that has no room; the palette's key always stays."""
        keys = list(self.query("FooterKey"))
        room = self.size.width - sum(
            key.outer_size.width for key in keys if key.has_class("-command-palette")
        )
        for key in keys:
            if not key.has_class("-command-palette"):
                room -= key.outer_size.width
                key.display = room >= 0
