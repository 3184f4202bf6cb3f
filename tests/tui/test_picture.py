"""Images in the answer: drawn as cells, in a thread, and their bytes where they cannot be."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import fake_engine
import pytest
from bench_app import opened
from PIL import Image
from textual.widgets import Label

from tui.picture import NoPicture, draw
from tui.widgets.picture_view import PictureView

RED, BLUE, BACK = (255, 0, 0), (0, 0, 255), (10, 20, 30)


def png(width: int, height: int, **options: Any) -> bytes:
    """Red above, blue below, the last column transparent."""
    image = Image.new("RGBA", (width, height), (*RED, 255))
    image.paste((*BLUE, 255), (0, height // 2, width, height))
    image.paste((0, 0, 0, 0), (width - 1, 0, width, height))
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def test_pixels_become_cells() -> None:
    picture = draw(png(6, 4), 80, 24, BACK)
    assert picture.note == "PNG, 6 × 4"
    assert [len(row) for row in picture.rows] == [6, 6]
    assert picture.rows[0][0] == (RED, RED)
    assert picture.rows[1][0] == (BLUE, BLUE)
    assert picture.rows[0][5] == (BACK, BACK)
    # One row of cells more than half: the last lower pixel is background.
    assert draw(png(3, 3), 80, 24, BACK).rows[1][0] == (BLUE, BACK)
    large = draw(png(640, 480), 80, 24, BACK)
    assert (len(large.rows[0]), len(large.rows)) == (64, 24)


def test_what_is_no_image_says_so() -> None:
    with pytest.raises(NoPicture):
        draw(b"\x89PNG\r\n\x1a\nnothing", 80, 24, BACK)
    with pytest.raises(NoPicture):
        draw(png(64, 64)[:120], 80, 24, BACK)
    with pytest.raises(NoPicture, match="too many"):
        draw(png(7_000, 7_000, compress_level=1), 80, 24, BACK)


async def test_an_image_is_drawn_and_its_bytes_shown(tmp_path: Path) -> None:
    content = png(16, 8)

    async def image(payload: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        head = {"type": "response", "status": 200, "headers": [["content-type", "image/png"]], "time": 1.0}
        yield head
        yield fake_engine.body(content)
        yield {"type": "body_end", "size": len(content), "time": 2.0}
        yield {"type": "end", "outcome": "ok", "wall": 2.0, "engine_restarted": False}

    async with opened(tmp_path) as it:
        it.engine.script = image
        await it.run()
        view = it.screen.query_one(PictureView)
        await it.until(lambda: view.note == "PNG, 16 × 8")
        assert view.display
        assert "picture" in it.facts
        assert "▀" in view.render_line(0).text
        await it.press("escape")  # from the editor to the answer
        assert view.has_focus
        await it.press("t")
        assert it.screen.answer.body.has_focus
        assert not view.display
        assert "89 50 4e 47" in it.screen.answer.body.text

        content = b"\x89PNG\r\n\x1a\n\0broken"
        await it.run()
        await it.until(lambda: "not drawn" in str(it.screen.query_one("#capped", Label).content))
        assert it.screen.answer.body.display
