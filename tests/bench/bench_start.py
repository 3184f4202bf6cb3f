"""How long one waits: for the app's first paint, for the engine's first answer, for a save to be live.

    python tests/bench/bench_start.py [--rounds 7]

First paint is measured in a pseudo-terminal, against a Textual app that paints one word, in turns.
Goals: app ≤ 1.5 × the minimal app; engine ≤ 0.8 s; save ≤ 30 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from engine_process import Engine, engine, get, machine, spawn, stop, wait_for_port
from ptyprocess import PtyProcess

from tui.client import Engine as Client

MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("Services")
Minimal().run()
"""
OURS = "import sys; sys.argv[0] = 'svc-tui'; from tui.__main__ import main; main()"
HOST = "hello.dev.localhost"
#: Seconds between two saves.
PAUSE = 0.3


def first_paint(code: str, *arguments: str, config: Path) -> float:
    """Seconds from the start of a process to the word `Services` in the terminal."""
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "XDG_CONFIG_HOME": str(config),
    }
    began = time.perf_counter()
    terminal = PtyProcess.spawn(
        [sys.executable, "-c", code, *arguments], dimensions=(40, 120), env=environment
    )
    try:
        seen = b""
        while b"Services" not in seen:
            seen = seen[-64:] + terminal.read(65536)
        return time.perf_counter() - began
    finally:
        terminal.terminate(force=True)


def paints(running: Engine, rounds: int) -> None:
    """The app against the minimal one, in turns; the first round warms the disk and is not counted."""
    times: dict[str, list[float]] = {"minimal": [], "svc-tui": []}
    with tempfile.TemporaryDirectory() as config:
        for turn in range(rounds + 1):
            for name, code, arguments in (
                ("minimal", MINIMAL, ()),
                ("svc-tui", OURS, ("--state", str(running.state))),
            ):
                seconds = first_paint(code, *arguments, config=Path(config))
                if turn:
                    times[name].append(seconds)
    middle = {name: statistics.median(found) for name, found in times.items()}
    ratio = middle["svc-tui"] / middle["minimal"]
    print(
        f"first paint       minimal {middle['minimal'] * 1000:4.0f} ms   "
        f"svc-tui {middle['svc-tui'] * 1000:4.0f} ms   ratio {ratio:.2f}  (goal ≤ 1.5)"
    )


def engine_starts(rounds: int) -> None:
    """From the start of `serve` on a folder that was used before to the first answer of a worker."""
    found, first = [], 0.0
    with tempfile.TemporaryDirectory(prefix="svc-bench-") as folder:
        state = Path(folder) / "state"
        for turn in range(rounds + 1):
            began = time.perf_counter()
            process = spawn(state)
            try:
                status, _ = get(wait_for_port(state, process), HOST)
                if status != 200:
                    raise RuntimeError(f"hello answered {status}")
                if turn:
                    found.append(time.perf_counter() - began)
                else:
                    first = time.perf_counter() - began
            finally:
                stop(process)
    print(
        f"engine start      first answer {statistics.median(found):.2f} s  (goal ≤ 0.8)   "
        f"on a new folder, with the samples {first:.2f} s"
    )


async def saves(running: Engine, rounds: int) -> None:
    """From the save (a PUT of the code) to the first answer that is the new one.

    Saves are not made in a row by hand: between two the engine gets the time to replace its spare isolates.
    """
    client = Client(running.state)
    found, puts = [], []
    try:
        for turn in range(rounds + 3):
            module = {
                "name": "worker.js",
                "type": "esm",
                "text": f"export default {{ fetch() {{ return new Response('turn {turn}'); }} }};\n",
            }
            await asyncio.sleep(PAUSE)
            began = time.perf_counter()
            await client.save("hello", "production", [module], "worker.js", None)
            saved = time.perf_counter()
            while (await asyncio.to_thread(get, running.port, HOST))[1] != f"turn {turn}".encode():
                pass
            if turn >= 3:
                found.append(time.perf_counter() - began)
                puts.append(saved - began)
    finally:
        await client.close()
    print(
        f"save              new answer {statistics.median(found) * 1000:.1f} ms  (goal ≤ 30)   "
        f"of it the PUT {statistics.median(puts) * 1000:.1f} ms"
    )


def main() -> None:
    """All three, in one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(machine())
    engine_starts(rounds)
    with engine() as running:
        asyncio.run(saves(running, rounds * 3))
        paints(running, rounds)


if __name__ == "__main__":
    main()
