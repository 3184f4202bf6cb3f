"""config.toml: what it may say, and what is said about mistakes in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from account import app_on, browsing, notes
from waiting import seen, until

from tui import keymap, settings
from tui.commands.browse import Clone, Promote
from tui.settings import Settings


def written(folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_no_file_is_the_same_as_an_empty_one(tmp_path: Path) -> None:
    assert settings.read(tmp_path / "config.toml") == (Settings(), [])
    assert settings.read(written(tmp_path, "")) == (Settings(), [])


def test_reads_all_there_is(tmp_path: Path) -> None:
    text = 'theme = "paper"\n[editor]\nindent = 4\ncommand = "hx"\n[keymap]\npromote = "ctrl+e"\n'
    found, problems = settings.read(written(tmp_path, text))
    assert problems == []
    assert (found.theme, found.editor.indent, found.editor.command) == ("paper", 4, "hx")
    assert found.keymap == {"promote": "ctrl+e"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('them = "paper"\n', 1, "unknown key them. Did you mean theme?"),
        ('theme = "auto"\n\n[editor]\nident = 4\n', 4, "unknown key editor.ident. Did you mean indent?"),
        ("theme = 4\n", 1, "theme must be a text in quotes; 'auto' holds."),
        ("[editor]\nindent = true\n", 2, "editor.indent must be a whole number; 2 holds."),
        ("[answer]\nwrap = 1\n", 2, "answer.wrap must be true or false; false holds."),
        ("[layout]\nstaked = true\n", 2, "unknown key layout.staked. Did you mean stacked?"),
        ("[layout]\nsplit = -9\n", 2, "layout.split must be from -5 to 5; 0 holds."),
        ("[editor]\nindent = 99\n", 2, "editor.indent must be from 1 to 8; 2 holds."),
        ("ascii = 1\n", 1, "ascii must be true or false; false holds."),
        ("[keymap]\npromote = 7\n", 1, 'keymap.promote must be a key in quotes, like "ctrl+e".'),
        ("editor = 1\n", 1, "editor must be a table, [editor]."),
    ],
)
def test_a_mistake_names_file_line_and_key(tmp_path: Path, text: str, line: int, words: str) -> None:
    found, problems = settings.read(written(tmp_path, text))
    assert found == Settings()
    assert [str(problem) for problem in problems] == [f"config.toml:{line}: {words}"]


def test_what_is_right_holds_beside_a_mistake(tmp_path: Path) -> None:
    found, problems = settings.read(written(tmp_path, 'theme = "paper"\nsize = 3\n'))
    assert found.theme == "paper"
    assert len(problems) == 1


@pytest.mark.parametrize("text", ["theme = ", "[editor\n", 'a = "x\n', "= 1"])
def test_a_file_that_is_no_toml_gives_the_defaults(tmp_path: Path, text: str) -> None:
    found, problems = settings.read(written(tmp_path, text))
    assert found == Settings()
    assert "The defaults hold" in str(problems[0])
    assert problems[0].line == 1


def test_bytes_that_are_no_text_give_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xff\xfe\x00")
    found, problems = settings.read(file)
    assert found == Settings()
    assert "it is not UTF-8" in str(problems[0])


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('promot = "p"', "unknown key keymap.promot. Did you mean promote?"),
        (
            'clone = "ctrl+h"',
            "keymap.clone: ctrl+h does not arrive in a terminal, or arrives as another.",
        ),
        ('clone = "c,ctl+e"', "keymap.clone: unknown key ctl+e. Did you mean ctrl?"),
        ('clone = "pgup"', "keymap.clone: unknown key pgup. Did you mean pageup?"),
        ('clone = ""', 'keymap.clone: it has no key; write one, like "ctrl+e".'),
    ],
)
def test_ids_and_keys_in_the_keymap_are_checked(tmp_path: Path, entry: str, words: str) -> None:
    file = written(tmp_path, f'[keymap]\n{entry}\npromote = "ctrl+e,/,alt+shift+left"\n')
    found, _ = settings.read(file)
    problems = keymap.problems(found, file, [Promote, Clone])
    assert [str(problem) for problem in problems] == [f"config.toml:2: {words}"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'theme = "okabe"\n'),
        ('# mine\ntheme = "dusk" # old\n[editor]\n', '# mine\ntheme = "okabe"\n[editor]\n'),
        ("[editor]\nindent = 4\n", 'theme = "okabe"\n[editor]\nindent = 4\n'),
        ('[keymap]\ntheme = "x"\n', 'theme = "okabe"\n[keymap]\ntheme = "x"\n'),
    ],
)
def test_keeping_a_theme_changes_nothing_else(tmp_path: Path, before: str, after: str) -> None:
    file = written(tmp_path, before)
    settings.remember_theme(file, "okabe")
    assert file.read_text(encoding="utf-8") == after


async def test_the_app_starts_with_a_corrupt_file_and_says_so(tmp_path: Path, config: Path) -> None:
    written(config, "theme = [\n")
    async with app_on(notes(), tmp_path).run_test(notifications=True, size=(120, 40)) as pilot:
        await browsing(pilot)
        assert pilot.app.theme == "dusk"
        await until(pilot, lambda: "config.toml:" in seen(pilot))


async def test_the_keymap_moves_a_key(tmp_path: Path, config: Path) -> None:
    written(config, '[keymap]\nfilter = "ctrl+f"\nfoo = "x"\n')
    async with app_on(notes(), tmp_path).run_test(notifications=True, size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await until(pilot, lambda: "unknown key keymap.foo" in seen(pilot))
        assert "^f Filter" in seen(pilot)
        await pilot.press("ctrl+f")
        assert browse.query_one("#filter").has_focus
