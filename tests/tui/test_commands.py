"""Commands: what one declaration gives, and that no two of them fight over a key."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from account import app_on, browsing, notes
from waiting import seen, until

from tui.app import SvcApp
from tui.commands.base import Command, CommandHost
from tui.commands.known import known_commands, known_ids
from tui.screens.browse import BrowseScreen
from tui.screens.data import DataScreen
from tui.screens.deployments import DeploymentsScreen
from tui.screens.diff import DiffScreen
from tui.screens.logs import LogsScreen
from tui.screens.pipelines import PipelinesScreen
from tui.screens.settings import SettingsScreen
from tui.screens.workbench import WorkbenchScreen

#: Keys that arrive as other keys, never arrive, or belong to the terminal (measured through tmux).
NEVER = re.compile(
    r"ctrl\+([hibm]|left_square_bracket)|alt\+(\d|b|f|enter)|(ctrl|shift)\+enter|f10|f11|shift\+f3"
)
HOSTS: list[type[CommandHost]] = [
    SvcApp,
    BrowseScreen,
    WorkbenchScreen,
    DeploymentsScreen,
    PipelinesScreen,
    DiffScreen,
    SettingsScreen,
    DataScreen,
    LogsScreen,
]


def keys(command: type[Command]) -> list[str]:
    return [key.strip() for key in command.BINDING_KEY.split(",") if key.strip()]


@pytest.mark.parametrize("command", known_commands(), ids=lambda command: command.id)
def test_every_command_is_declared_whole(command: type[Command]) -> None:
    assert command.sentence().endswith((".", ")")), "the docstring is the help"
    assert command.help_text()
    assert not command.NAME or re.fullmatch(r"[a-z]+: [A-Z].*", command.NAME), "group: Verb"
    assert not command.SHOW_IN_FOOTER or command.FOOTER_TEXT
    assert not [key for key in keys(command) if NEVER.fullmatch(key)]
    assert command.binding().id == command.id


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.__name__)
def test_no_key_is_given_twice_on_a_screen(host: type[CommandHost]) -> None:
    everywhere = () if host is SvcApp else SvcApp.commands()
    used = Counter(key for command in (*host.commands(), *everywhere) for key in keys(command))
    doubled = {key for key, count in used.items() if count > 1}
    assert doubled <= {"f1", "f12"}, doubled  # the same acts, done by the nearest


def test_ids_are_kebab_case_and_the_documented_ones_are_there() -> None:
    assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", name) for name in known_ids())
    assert {"service-open", "promote", "diff", "filter", "quit", "clone"} <= known_ids()


def test_destructive_commands_are_no_chords_and_know_read_only() -> None:
    for command in known_commands():
        if command.__name__ in ("Delete", "Promote", "RollBack"):
            assert command.CHANGES
            assert not [key for key in keys(command) if "+" in key]


async def test_the_palette_has_what_makes_sense_here(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        await browsing(pilot)
        await pilot.press("ctrl+p", *"promo")
        await until(pilot, lambda: "environment: Promote…" in seen(pilot))
        await pilot.press("escape", "escape")
        await pilot.press("g", "ctrl+p", *"promo")  # a service has nothing to promote
        await pilot.pause(0.3)
        assert "environment: Promote…" not in seen(pilot)


async def test_the_palette_does_what_the_key_does(tmp_path: Path) -> None:
    async with app_on(notes(), tmp_path).run_test(size=(120, 40)) as pilot:
        browse = await browsing(pilot)
        await pilot.press("ctrl+p", *"s: fil")
        await until(pilot, lambda: "services: Filter" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: browse.query_one("#filter").has_focus)
