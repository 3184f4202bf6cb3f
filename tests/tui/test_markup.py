"""Text of people inside markup comes out as it went in."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from textual.content import Content

from tui.markup import WALL, escape

TEXTS = st.text(alphabet=r"[]/\ab$@=M1 ", max_size=12)


@given(TEXTS)
@example("[MAIL]")
@example("[$accent]")
@example("a\\")
@example("\\[b]")
def test_nothing_is_taken_for_a_tag(text: str) -> None:
    assert Content.from_markup(f"[b]{escape(text)}[/] end").plain.replace(WALL, "") == f"{text} end"
