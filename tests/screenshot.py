"""Takes README's picture: the real app on a real engine, the workbench after a run, as SVG.

    python tests/screenshot.py [workbench.svg] [--size 120x36] [--theme dusk]

A temporary state folder with the sample services; nothing of the user's is touched.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from tui.app import SvcApp
from tui.options import Options
from tui.requests import DraftRequest
from tui.screens.workbench import WorkbenchScreen
from tui.widgets.service_tree import Place, ServiceTree

REQUEST = DraftRequest(
    "PUT",
    "/notes/try",
    [("authorization", "Bearer open-sesame")],
    '{"title": "Groceries", "body": "milk, bread, two lemons"}',
)
"""A write: the picture shows that a draft's writes are kept back."""
PATIENCE = 30.0
"""Seconds a step may take on a slow machine."""


async def until(pilot: Pilot[None], done: object, what: str) -> None:
    """Wait until something holds, or say what did not happen."""
    assert callable(done)
    try:
        async with asyncio.timeout(PATIENCE):
            while not done():
                await pilot.pause(0.02)
    except TimeoutError:
        sys.exit(f"screenshot: {what} did not happen in {PATIENCE:.0f} s")


async def take(state: Path, theme: str, size: tuple[int, int]) -> str:
    """Open notes › staging, ask it for a note, and return the picture."""
    app = SvcApp(Options(state=state, theme=theme))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.engine_state.ready, "the engine's start")
        tree = app.screen.query_one(ServiceTree)
        await until(pilot, lambda: tree.go_to(Place("notes", "staging")), "the tree")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, WorkbenchScreen), "the workbench")
        bench = app.screen
        assert isinstance(bench, WorkbenchScreen)
        await until(pilot, lambda: bench.loaded, "reading the code")
        bench.request_bar.load(REQUEST)
        bench.request = REQUEST
        answer = bench.answer
        for _ in range(2):  # the first one starts the environment
            seen = answer.report
            await pilot.press("f5")
            await until(
                pilot,
                lambda seen=seen: answer.report not in (None, seen) and not answer.report.running,
                "the run",
            )
        await pilot.pause(0.3)
        return app.export_screenshot(title="svc-tui")


def main() -> None:
    """Start an engine, take the picture, stop the engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=Path(__file__).parents[1] / "workbench.svg")
    parser.add_argument("--size", default="120x36")
    parser.add_argument("--theme", default="dusk")
    args = parser.parse_args()
    columns, rows = (int(part) for part in args.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="svc-picture-") as folder:
        os.environ["XDG_CONFIG_HOME"] = folder
        state = Path(folder) / "state"
        command = [sys.executable, "-m", "engine", "serve", "--state", str(state), "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            picture = asyncio.run(take(state, args.theme, (columns, rows)))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    args.file.write_text(picture, encoding="utf-8")
    print(args.file)


if __name__ == "__main__":
    main()
