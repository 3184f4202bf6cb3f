"""What the editor does by itself, through real key presses."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets.text_area import Selection

from tui import editing
from tui.document import CodeDocument
from tui.search import Query
from tui.widgets.code_editor import CodeEditor

COLOURS = ("syn-keyword", "syn-string", "syn-number", "syn-name", "syn-function", "syn-comment")


class Editing(App[None]):
    """One editor."""

    def __init__(self, text: str, module: str) -> None:
        super().__init__()
        self.editor = CodeEditor(module, text)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict.fromkeys((*COLOURS, "del", "cursor-blur", "panel"), "#404040")

    def compose(self) -> ComposeResult:
        yield self.editor


async def typed(
    keys: list[str], text: str = "", module: str = "a.js", at: tuple[int, int] | None = None
) -> CodeEditor:
    """The editor after some keys; printable strings of several letters are typed letter by letter."""
    app = Editing(text, module)
    async with app.run_test(size=(80, 24)) as pilot:
        app.editor.focus()
        app.editor.move_cursor(at if at is not None else app.editor.document.end)
        for key in keys:
            await pilot.press(key)
    return app.editor


@pytest.mark.parametrize(
    ("keys", "before", "after", "cursor"),
    [
        (["left_curly_bracket", "enter"], "if (a) ", "if (a) {\n  \n}", (1, 2)),
        (["left_parenthesis"], "f", "f()", (0, 2)),
        (["left_parenthesis", "right_parenthesis"], "f", "f()", (0, 3)),
        (["quotation_mark", "a", "quotation_mark"], "x = ", 'x = "a"', (0, 7)),
        (["apostrophe"], "// don", "// don'", (0, 7)),
        (["apostrophe"], "it", "it'", (0, 3)),
        (["left_square_bracket", "backspace"], "a", "a", (0, 1)),
        (["enter"], "    a();", "    a();\n    ", (1, 4)),
        (["enter"], "/**", "/**\n * \n */", (1, 3)),
        (["enter"], "/**\n * a", "/**\n * a\n * ", (2, 3)),
        (["right_curly_bracket"], "if (a) {\n  b;\n  ", "if (a) {\n  b;\n}", (2, 1)),
        (["ctrl+home", "enter"], "    a();", "\n    a();", (1, 0)),
        (["ctrl+home", "right", "enter"], "  a", " \n  a", (1, 1)),
        (["left", "left", "enter"], "a; b", "a;\nb", (1, 0)),
        (["tab"], "", "  ", (0, 2)),
        (["tab"], "a", "a ", (0, 2)),
        (["shift+tab"], "{\n  a\n    b", "{\n  a\n  b", (2, 3)),
        (["backspace"], "    ", "  ", (0, 2)),
        (["home"], "  ab", "  ab", (0, 2)),
        (["home", "home"], "  ab", "  ab", (0, 0)),
    ],
)
async def test_typing(keys: list[str], before: str, after: str, cursor: tuple[int, int]) -> None:
    editor = await typed(keys, before)
    assert editor.text == after
    assert editor.cursor_location == cursor


async def test_a_selection_is_surrounded_and_shifted() -> None:
    app = Editing("one\ntwo\nthree", "a.js")
    async with app.run_test() as pilot:
        editor = app.editor
        editor.focus()
        editor.selection = Selection((0, 0), (0, 3))
        await pilot.press("left_parenthesis")
        assert editor.document[0] == "(one)"
        assert editor.selected_text == "one"
        editor.selection = Selection((0, 1), (2, 0))
        await pilot.press("tab")
        assert editor.text == "  (one)\n  two\nthree"
        await pilot.press("shift+tab")
        assert editor.text == "(one)\ntwo\nthree"
        await pilot.press("ctrl+z")
        assert editor.text == "  (one)\n  two\nthree"


async def test_comment_toggles_back_and_moves_lines() -> None:
    app = Editing("a();\n  b();\n\nc();", "a.js")
    async with app.run_test() as pilot:
        editor = app.editor
        editor.focus()
        editor.selection = Selection((0, 0), (1, 3))
        editor.action_toggle_comment()
        assert editor.text == "// a();\n//   b();\n\nc();"
        editor.action_toggle_comment()
        assert editor.text == "a();\n  b();\n\nc();"
        editor.move_cursor((0, 1))
        await pilot.press("alt+down")
        assert editor.text == "  b();\na();\n\nc();"
        assert editor.cursor_location == (1, 1)


@pytest.mark.parametrize(
    ("suffix", "line", "commented"),
    [
        ("js", "a", "// a"),
        ("", "a", "// a"),
        ("css", "  a {}", "  /* a {} */"),
        ("html", "<p>", "<!-- <p> -->"),
        ("toml", "a = 1", "# a = 1"),
    ],
)
def test_comment_marks_of_languages(suffix: str, line: str, commented: str) -> None:
    assert editing.toggle_comment([line], suffix) == [commented]
    assert editing.toggle_comment([commented], suffix) == [line]


def test_a_language_without_comments() -> None:
    assert editing.toggle_comment(["a"], "wasm") is None


@pytest.mark.parametrize(
    ("text", "unit"), [("a\n\tb", "\t"), ("a\n    b\n        c", "    "), ("a\n  b", "  "), ("a", "  ")]
)
def test_indentation_is_the_texts_own(text: str, unit: str) -> None:
    assert editing.indent_unit(text.split("\n")) == unit


async def test_marks_move_with_their_lines_and_go_when_edited() -> None:
    app = Editing("a\nb\nc", "a.js")
    async with app.run_test() as pilot:
        editor = app.editor
        editor.focus()
        editor.marks = {1: "wrong", 2: "worse"}
        await pilot.pause()
        assert "✗ wrong" in "".join(segment.text for segment in editor.render_line(1))
        editor.move_cursor((0, 1))
        await pilot.press("enter")
        assert editor.marks == {2: "wrong", 3: "worse"}
        editor.move_cursor((2, 1))
        await pilot.press("x")
        assert editor.marks == {3: "worse"}


async def test_find_wraps_around_and_folds_case_only_for_small_letters() -> None:
    app = Editing("Note note NOTE\nnote", "a.js")
    async with app.run_test():
        editor = app.editor
        editor.find(Query("note"))
        assert len(editor.matches()) == 4
        assert editor.go_to_match() == (2, 4)
        assert editor.go_to_match(-1) == (1, 4)
        assert editor.go_to_match(-1) == (4, 4)
        editor.find(Query("Note"))
        assert editor.matches() == [(0, 0, 4)]
        editor.find(Query("none"))
        assert editor.go_to_match() == (0, 0)


async def test_replacing_all_is_one_undo() -> None:
    app = Editing("one\ntwo", "a.js")
    async with app.run_test() as pilot:
        app.editor.focus()
        app.editor.replace_all("three")
        assert app.editor.text == "three"
        await pilot.press("ctrl+z")
        assert app.editor.text == "one\ntwo"


@pytest.mark.parametrize("text", ["", "a\n", "a\r\nb\r\n", "a\fb\u2028c", "\n\n", "é𝒳\tx"])
def test_a_document_changes_nothing_by_itself(text: str) -> None:
    assert CodeDocument(text).text == text


def test_a_document_knows_its_size_and_text_after_edits() -> None:
    document = CodeDocument("one\nthree\n界")
    assert document.get_size(4) == (5, 3)
    document.replace_range((1, 0), (1, 5), "\tx\ny")
    assert document.text == "one\n\tx\ny\n界"
    assert document.get_size(4) == (5, 4)
    assert document.get_text_range((0, 1), (2, 1)) == "ne\n\tx\ny"
    document.replace_range((3, 0), (4, 0), "")
    assert document.text == "one\n\tx\ny\n"
