"""Every command has a test, and somebody who does it.

A command counts as tested when a test of its screen presses its key, asks the palette for its name, or uses
its class.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from textual.app import App
from textual.screen import Screen
from textual.widget import Widget

from tui.commands.base import Command, CommandHost
from tui.commands.known import all_commands

TESTS = Path(__file__).parent
#: The tests of the screens, by the module of their commands.
OF = {
    "accounts": ("accounts",),
    "answer": ("workbench", "workbench_answer", "workbench_editing"),
    "app": ("browse", "browse_marked", "session", "navigation", "themes", "commands", "app", "terminal"),
    "browse": ("browse", "browse_marked", "browse_traffic", "session", "commands"),
    "data": ("data_screen",),
    "deployments": ("deployments",),
    "diff": ("diff_view", "deployments"),
    "editing": ("workbench_editing", "code_editor"),
    "lists": ("browse", "promote_dialog"),
    "logs": ("logs_screen", "log_view", "logs", "browse", "navigation", "session"),
    "modules": ("workbench", "workbench_editing", "workbench_modules"),
    "pipelines": ("pipelines_screen",),
    "places": ("workbench_commands",),
    "plan": ("promote_dialog",),
    "requests": ("workbench", "workbench_editing", "workbench_requests"),
    "settings": ("settings_screen",),
    "workbench": (
        "workbench",
        "workbench_answer",
        "workbench_commands",
        "workbench_editing",
        "workbench_engine",
    ),
    "writes": ("workbench", "workbench_writes", "workbench_engine"),
}


@cache
def said(name: str) -> frozenset[str]:
    """Every text and every name in a test file: keys, names in the palette and classes among them."""
    file = TESTS / f"test_{name}.py"
    if not file.is_file():
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return frozenset(found)


def has_test(command: type[Command]) -> bool:
    """Whether a test of its screen presses, finds or uses it."""
    module = command.__module__.rpartition(".")[2]
    keys = {key.strip() for key in command.BINDING_KEY.split(",") if key.strip()}
    name = command.NAME.partition(": ")[2].rstrip("…")
    wanted = {command.__name__, command.id, command.NAME, command.NAME.lower(), name, *keys} - {""}
    files = OF.get(module, (module,))
    return any(wanted & said(file) for file in files)


def test_every_command_is_tested() -> None:
    without = sorted(
        f"{command.__module__}: {command.__name__} ({command.BINDING_KEY or '^p'})"
        for command in all_commands()
        if not has_test(command)
    )
    assert not without, "no test presses these:\n" + "\n".join(without)


def hosts(base: type = CommandHost) -> Iterator[type[CommandHost]]:
    """Everything that declares commands."""
    for host in base.__subclasses__():
        yield host
        yield from hosts(host)


def test_every_command_is_done_by_somebody() -> None:
    all_commands()
    import tui.app
    import tui.screens.data
    import tui.screens.deployments
    import tui.screens.dialogs.promote
    import tui.screens.logs
    import tui.screens.pipelines
    import tui.screens.settings
    import tui.screens.workbench

    offered: set[type[Command]] = set()
    undone: list[str] = []
    for host in hosts():
        if not issubclass(host, App | Screen | Widget):
            continue
        # Where a widget offers a command, it or what it stands in may do it.
        for command in host.commands():
            offered.add(command)
            answers = command in handled(host) or command in handled_anywhere()
            if command.ACTION:
                name = command.ACTION.partition("(")[0].rpartition(".")[2]
                answers = hasattr(host, f"action_{name}") or hasattr(tui.app.SvcApp, f"action_{name}")
            if not answers and command.handler_name not in dir(host):
                undone.append(f"{host.__name__}: {command.__name__}")
    assert not undone, "\n".join(undone)
    assert not sorted(one.__name__ for one in set(all_commands()) - offered), "nobody offers these"


def handled(host: type) -> set[type]:
    """What the `@on` handlers of a class and its bases answer to."""
    return {message for base in host.__mro__ for message in base.__dict__.get("_decorated_handlers", ())}


@cache
def handled_anywhere() -> frozenset[type]:
    """What some screen or the app answers to: commands of widgets rise to them."""
    return frozenset(
        message for host in hosts() if issubclass(host, App | Screen) for message in handled(host)
    )


@pytest.mark.parametrize("module", sorted({command.__module__ for command in all_commands()}))
def test_the_map_of_tests_is_whole(module: str) -> None:
    name = module.rpartition(".")[2]
    assert any((TESTS / f"test_{file}.py").is_file() for file in OF.get(name, (name,))), "OF leads nowhere"
