"""Images as cells of a terminal: two pixels a cell, one above the other, as `▀` in two colours.

Pillow decodes. Sixel and Kitty's protocol would be finer, but have to be asked for before the app owns the
terminal, leave remains when a pane scrolls, and do not pass through tmux. Half blocks work everywhere.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "ICO", "AVIF")
MOST_PIXELS = 40_000_000
"""An image of more is not decoded: 120 MB."""

Pixel = tuple[int, int, int]


class NoPicture(ValueError):
    """It is no image that can be drawn; the message says why."""


@dataclass(frozen=True)
class Picture:
    """An image at the size it is drawn.

    Attributes:
        rows: of cells, each the upper and the lower pixel.
        note: what it is: `PNG, 640 × 480`.
    """

    rows: list[list[tuple[Pixel, Pixel]]]
    note: str


def draw(content: bytes, columns: int, lines: int, background: Pixel) -> Picture:
    """Decode an image and bring it to a size in cells. Never larger than it is.

    Args:
        content: The file.
        columns: Cells in a row, at most.
        lines: Rows, at most.
        background: What shows through where it is transparent.

    Raises:
        NoPicture: It cannot be drawn.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise NoPicture(f"{width} × {height} pixels are too many to draw")
            scale = min(columns / width, 2 * lines / height, 1.0)
            size = max(1, round(width * scale)), max(1, round(height * scale))
            image.draft("RGB", size)  # JPEG: decodes only as much as is drawn
            note = f"{image.format}, {width} × {height}"
            whole = image.convert("RGBA").resize(size, Image.Resampling.LANCZOS if scale < 1 else None)
    except NoPicture:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NoPicture(str(error) or "it is broken") from None
    flat = Image.new("RGB", (size[0], size[1] + size[1] % 2), background)
    flat.paste(whole, (0, 0), whole)
    raw = flat.tobytes()
    stride = 3 * size[0]

    def pixel(x: int, y: int) -> Pixel:
        at = y * stride + 3 * x
        return raw[at], raw[at + 1], raw[at + 2]

    rows = [[(pixel(x, y), pixel(x, y + 1)) for x in range(size[0])] for y in range(0, flat.height, 2)]
    return Picture(rows, note)
