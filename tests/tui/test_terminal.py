"""The whole way through the installed app in a real terminal, from the first start to a promoted edit."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminal import Terminal

PROGRAM = Path(sys.executable).with_name("svc-tui")
FIRST = "Hello, world!\n"
EDITED = "An answer that was promoted.\n"
CODE = f"export default {{\n  fetch() {{\n    return new Response({json.dumps(EDITED)});\n  }},\n}};\n"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state folder that does not exist yet; the engine that the app starts on it ends with the test."""
    folder = tmp_path / "state"
    yield folder
    try:
        pid = int(json.loads((folder / "engine.json").read_bytes())["pid"])
    except (OSError, ValueError):
        return
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 60
    while (folder / "engine.json").exists() and time.monotonic() < end:
        time.sleep(0.02)


@pytest.fixture
def terminal(state: Path, tmp_path: Path) -> Iterator[Terminal]:
    """`svc-tui` as it was installed, started by its name."""
    command = [str(PROGRAM), "--state", str(state), "--port", "0"]
    running = Terminal(
        command, {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_CACHE_HOME": str(tmp_path)}
    )
    yield running
    running.close()


class Web:
    """What a browser would see at the engine's hostnames."""

    def __init__(self, state: Path) -> None:
        self.state = state

    def get(self, host: str, path: str = "/") -> tuple[int, str]:
        """Status and text."""
        port = json.loads((self.state / "engine.json").read_bytes())["port"]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", path, headers={"host": f"{host}.dev.localhost:{port}"})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()


def at(service: str, environment: str) -> Callable[[str], bool]:
    """The detail pane shows this environment, read from the engine."""
    mark = "▲ " if environment == "production" else ""

    def shown(text: str) -> bool:
        # Letters are keys only when no field has the focus: the key row says so.
        return f"{mark}{service} › {environment} " in text and "Deployments" in text and "e Edit" in text

    return shown


def leave(terminal: Terminal) -> None:
    """Escape to the services: the first one may only leave the editor."""
    for _ in range(6):
        terminal.press("escape")
        try:
            terminal.wait("1 Services", 1)
        except AssertionError:
            continue
        return
    terminal.wait("1 Services", 1)


def test_from_the_first_start_to_a_promoted_edit(terminal: Terminal, state: Path) -> None:
    web = Web(state)

    # 2. It paints at once, starts an engine and seeds three services.
    terminal.wait("1 Services")
    terminal.wait("1 of 6 Services and their environments")
    terminal.press("escape")
    terminal.gone("1 of 6 ")
    terminal.wait(lambda text: all(name in text for name in ("hello", "notes", "gateway", "● engine :")), 90)

    # 3. Browse: filter, and what is known about an environment.
    terminal.press("/")
    terminal.wait("filter by name")
    terminal.press("notes stag")
    terminal.wait(lambda text: "1 of 6 match" in text)
    terminal.press("enter")
    known = ("staging.notes.dev.localhost", "notes-staging", "MAX_NOTES", "API_KEY")
    terminal.wait(lambda text: all(word in text for word in known))
    terminal.press("escape")
    terminal.wait("3 services")

    # 4. and 5. Quick edit: F5 runs what is on screen, nothing is deployed.
    terminal.press("/")
    terminal.wait("filter by name")
    terminal.press("hello stag")
    terminal.wait("1 of 6 match")
    terminal.press("enter")
    terminal.wait(at("hello", "staging"))
    terminal.press("e")
    terminal.wait(lambda text: "worker.js" in text and "export default" in text)
    terminal.press("f7")
    terminal.wait(" selected")
    terminal.paste(CODE)
    terminal.wait(lambda text: "◆ unsaved" in text and EDITED.strip() in text)
    terminal.press("f5")
    terminal.wait(lambda text: "200 OK" in text and text.count(EDITED.strip()) == 2)
    assert web.get("staging.hello") == (200, FIRST)

    # 6. ctrl+s: the hostname answers with it.
    terminal.press("ctrl+s")
    terminal.gone("◆ unsaved")
    assert web.get("staging.hello") == (200, EDITED)
    assert web.get("hello") == (200, FIRST)
    leave(terminal)

    # 7. Clone and rename; each has its own hostname at once.
    terminal.press("c")
    terminal.wait("Clone hello › staging")
    terminal.press("pr-1")
    terminal.wait("It answers at pr-1.hello.dev.localhost")
    terminal.press("enter")
    terminal.wait("answers now.")
    assert web.get("pr-1.hello") == (200, EDITED)
    terminal.press("escape")  # by itself: with the next key it would be alt
    terminal.wait(lambda text: "2 hello › pr-1 " in text and "3 services" in text)
    terminal.press("R")
    terminal.wait("Rename hello › pr-1")
    terminal.press("end", "0")
    terminal.wait("It answers at pr-10.hello.dev.localhost")
    terminal.press("enter")
    terminal.wait(lambda text: "2 hello › pr-10 " in text)
    assert web.get("pr-10.hello") == (200, EDITED)
    assert web.get("pr-1.hello")[0] == 404

    # 8. Promote: the plan, the difference, the typed name.
    terminal.press("P")
    terminal.wait("Promote hello: pr-10 → ▲ production")
    terminal.wait(lambda text: "→ moves" in text and "1 - // The smallest service" in text)
    terminal.press("productio")
    terminal.wait("Type production:  productio")
    terminal.press("enter")
    assert web.get("hello") == (200, FIRST)
    terminal.press("n")
    terminal.wait("Type production:  production")
    terminal.press("enter")
    terminal.wait("Promoted pr-10 to production")
    assert web.get("hello") == (200, EDITED)

    # Roll back to the row before, and to the promoted one again.
    terminal.wait(lambda text: "▲ hello › production" in text)
    terminal.press("H")
    terminal.wait(lambda text: "2 History" in text and "A v1 → B v" in text and "2 deployments" in text)
    terminal.press("j", "R")
    terminal.wait("Roll back hello › ▲ production to v1")
    terminal.press("production")
    terminal.wait("Type production:  production")
    terminal.press("enter")
    terminal.wait("Rolled back to v1 in")
    assert web.get("hello") == (200, FIRST)
    terminal.wait("3 deployments")
    terminal.press("g", "j", "R")
    terminal.wait(lambda text: "Roll back hello › ▲ production to v" in text and "replaces v1" in text)
    terminal.press("production")
    terminal.wait("Type production:  production")
    terminal.press("enter")
    terminal.wait("4 deployments")

    # 9. Whoever asks the hostname reads the promoted answer.
    assert web.get("hello") == (200, EDITED)

    leave(terminal)
    terminal.press("q")
    assert terminal.wait_end() == 0
    assert web.get("hello") == (200, EDITED), "the engine goes on without the app"


def test_80_by_24_in_256_colours_and_killed(state: Path, tmp_path: Path) -> None:
    """A small terminal of few colours; what was not saved and where one was outlive `kill -9`."""
    command = [str(PROGRAM), "--state", str(state), "--port", "0"]
    environment = {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path),
        "COLORTERM": "",
        "TERM": "screen-256color",
    }
    terminal = Terminal(command, environment, columns=80, rows=24)
    try:
        terminal.wait("1 of 6 ")
        terminal.press("escape")  # by itself: with the next key it would be alt
        terminal.gone("1 of 6 ")
        terminal.wait(lambda text: "gateway" in text and "● engine :" in text, 90)
        terminal.press("/", "notes stag", "enter")
        terminal.wait(lambda text: "2 notes › staging" in text and "MAX_NOTES" in text)
        terminal.press("e")
        terminal.wait(lambda text: "2 worker.js" in text and "A small REST API" in text)
        terminal.press("f5")
        terminal.wait(lambda text: "200" in text and "GET /" in text)
        terminal.press("\x1b[H", "// kept ")
        terminal.wait(lambda text: "◆ unsaved" in text and "// kept" in text)
        terminal.resize(120, 40)
        terminal.wait(lambda text: "3 Request" in text and "// kept" in text)
        terminal.resize(80, 24)
        terminal.wait(lambda text: "3 Request" not in text and "// kept" in text)
        assert b";2;" not in bytes(terminal.raw).replace(b"38;5;2;", b"").replace(b"48;5;2;", b"")
        assert b"38;5;" in terminal.raw
        time.sleep(1)  # text is written half a second after the last key
        terminal.kill()
    finally:
        terminal.close()
    terminal = Terminal(command, environment, columns=80, rows=24)
    try:
        terminal.wait(lambda text: "Unsaved text" in text and "◆ notes › staging" in text)
        terminal.press("o")
        terminal.wait(lambda text: "◆ unsaved" in text and "// kept" in text)
        leave(terminal)
        terminal.wait("2 notes › staging")
        terminal.press("q")
        assert terminal.wait_end() == 0
    finally:
        terminal.close()


def test_help_names_every_verb() -> None:
    done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=60, check=True)
    for verb in ("serve", "run", "deploy", "env", "promote", "rollback"):
        assert f"  {verb} " in done.stdout
