"""`svc-tui keys` and `svc-tui config …`: the table of keys, the settings' schema and what it says of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import fastjsonschema
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tui import settings as config_file
from tui.commands.known import all_commands, known_commands
from tui.settings_schema import schema
from tui.verbs import config, keys

VALID = fastjsonschema.compile(schema(known_commands()))
Written = pytest.CaptureFixture[str]


def toml(value: Any) -> str:
    """A value as TOML; JSON is the same but for a table in a table."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {toml(one)}' for key, one in value.items()) + "}"
    return json.dumps(value)


def agrees(file: Path, table: dict[str, Any]) -> bool:
    """Whether a file is right, in which the schema and the check must agree."""
    file.write_text("".join(f'"{key}" = {toml(value)}\n' for key, value in table.items()), encoding="utf-8")
    found = [problem for problem in config.problems(file) if not problem.message.startswith("no theme")]
    try:
        VALID(table)
        right = True
    except fastjsonschema.JsonSchemaValueException:
        right = False
    assert right == (not found), [str(problem) for problem in found]
    return right


@pytest.mark.parametrize(
    ("table", "right"),
    [
        ({}, True),
        ({"theme": "paper", "ascii": True, "editor": {"indent": 8, "command": ""}}, True),
        ({"keymap": {"promote": "ctrl+e", "whole-diff": "w"}}, True),
        ({"them": "paper"}, False),
        ({"theme": 1}, False),
        ({"ascii": 1}, False),
        ({"editor": {"indent": 0}}, False),
        ({"editor": {"indent": "4"}}, False),
        ({"editor": {"ident": 4}}, False),
        ({"editor": []}, False),
        ({"keymap": {"promot": "p"}}, False),
        ({"keymap": {"promote": ["p"]}}, False),
    ],
)
def test_schema_and_check_agree(tmp_path: Path, table: dict[str, Any], right: bool) -> None:
    assert agrees(tmp_path / "config.toml", table) is right


NAMES = st.sampled_from(["theme", "ascii", "tour", "editor", "keymap", "indent", "command", "promote", "x"])
VALUES = st.recursive(
    st.booleans() | st.integers(-1, 10) | st.sampled_from(["a", "b,c", "dusk"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(table=st.dictionaries(NAMES, VALUES, max_size=4))
def test_schema_and_check_agree_on_anything(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, Any]
) -> None:
    agrees(tmp_path_factory.getbasetemp() / "any.toml", table)


def test_the_schema_says_what_holds() -> None:
    found = schema(known_commands())["properties"]
    assert found["theme"]["default"] == config_file.Settings().theme
    assert found["editor"]["properties"]["indent"]["maximum"] == 8
    assert "Its own: P" in found["keymap"]["properties"]["promote"]["description"]
    assert all(entry["description"].endswith(".") for entry in found.values())


def test_check_says_where_and_why(config: Path, capsys: Written) -> None:
    from tui.verbs.config import main

    assert main(["path"]) == 0
    assert capsys.readouterr().out == f"{config / 'config.toml'}\n"
    assert main(["check"]) == 0
    assert "the defaults hold" in capsys.readouterr().out
    file = config / "config.toml"
    file.write_text('theme = "papr"\n[editor]\nident = 4\n[keymap]\nquit = "ctrl+h"\n', encoding="utf-8")
    (config / "themes").mkdir()
    (config / "themes/mine.toml").write_text("acent = 1\n", encoding="utf-8")
    assert main(["check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "config.toml:3: unknown key editor.ident. Did you mean indent?",
        "config.toml:5: keymap.quit: ctrl+h does not arrive in a terminal, or arrives as another.",
        "config.toml:1: no theme papr. Did you mean paper?",
        "mine.toml:1: unknown colour acent. Did you mean accent?",
    ]
    file.write_text('theme = "nord"\n', encoding="utf-8")
    (config / "themes/mine.toml").unlink()
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out == f"{file} is right.\n"
    assert main(["check", str(file) + "x"]) == 1


def test_keys_has_every_command(config: Path, capsys: Written) -> None:
    (config / "config.toml").write_text('[keymap]\npromote = "ctrl+e,?"\n', encoding="utf-8")
    assert keys.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    for command in all_commands():
        assert [line for line in lines if command.id in line.split()], command.id
    assert next(line for line in lines if " promote " in line).split()[:2] == ["ctrl+e", "?"]
    assert lines.index("everywhere") == 0


def test_keys_as_markdown_is_a_table(capsys: Written) -> None:
    assert keys.main(["--markdown", "--own"]) == 0
    head, line, *found = capsys.readouterr().out.splitlines()
    assert head == "| where | key | does | id |"
    assert line == "|---|---|---|---|"
    assert len(found) == len(all_commands())
    assert all(row.replace("\\|", "").count("|") == 5 for row in found)
    assert any(row.startswith("| services | `e` | Edit") for row in found)
    assert {
        keys.key("ctrl+underscore"),
        keys.key("ctrl+right_square_bracket"),
        keys.key("question_mark"),
    } == {
        "ctrl+/",
        "ctrl+]",
        "?",
    }


def test_the_program_knows_the_verbs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tui", "--theme", "keys", "config", "path"]  # a theme called keys
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path.cwd())
    assert done.returncode == 2, "--theme is none of the verb's options"
    assert "svc-tui config" in done.stderr
    done = subprocess.run([*command[:3], "config", "path"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("config.toml\n")


def test_the_readme_has_the_table() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = text.partition(keys.BEGIN)[2].partition(keys.END)[0].strip()
    made = keys.markdown(keys.rows(all_commands(), {})).strip()
    assert table == made, "svc-tui keys --own --into README.md mends it"


def test_the_table_goes_into_a_file(tmp_path: Path, capsys: Written) -> None:
    file = tmp_path / "README.md"
    assert keys.main(["--into", str(file)]) == 1
    file.write_text("a\n", encoding="utf-8")
    assert keys.main(["--into", str(file)]) == 1
    assert "cannot be read" in (said := capsys.readouterr().err)
    assert f"has no {keys.BEGIN}" in said
    file.write_text(f"a\n{keys.BEGIN}former{keys.END}\nz\n", encoding="utf-8")
    assert keys.main(["--own", "--into", str(file)]) == 0
    text = file.read_text(encoding="utf-8")
    assert text.startswith("a\n")
    assert text.endswith("\nz\n")
    assert "| `P` |" in text
    assert "former" not in text
