"""What a large answer and a loud console cost the app: the first paint, and the longest stop of its loop.

    python tests/bench/bench_response.py [--megabytes 5] [--rounds 3]

The whole workbench runs headless on an engine in memory. An answer of JSON arrives in chunks as the engine
sends them, is shown as a folded tree and searched; then 10,000 lines a second come to the console. The goals:
the first paint within 150 ms of the answer's end, the loop never held for more than 50 ms. Both are CPU time
of the loop's thread: what other programs take on a busy machine is not the app's. Beside them stands
what one repaint of the whole screen holds the loop for: Textual's own, on this machine, today.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tui"))

from bench_app import Bench, opened

from tui.search import Query
from tui.widgets.console_view import ConsoleView
from tui.widgets.json_tree import JsonTree

CHUNK = 48 * 1024
SECONDS, LINES, BATCH = 2, 10_000, 100
FIRST_PAINT, LONGEST_STOP = 150.0, 50.0
"""Milliseconds: the goals."""


class Watch:
    """The longest that one turn of the loop took, CPU milliseconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.longest = max(self.longest, (now - before) * 1000)
            before = now

    async def stop(self) -> float:
        """The longest turn since the start."""
        self._task.cancel()
        return self.longest


async def until(holds: Callable[[], object]) -> None:
    """Let the loop turn until something holds."""
    for _ in range(60_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise SystemExit("did not happen within a minute")


def document(megabytes: float) -> bytes:
    """A list of records, compact, as an API gives it."""
    row = {
        "id": 0,
        "name": "Groceries",
        "tags": ["home", "weekly"],
        "at": 1795442531204,
        "note": {"words": 3},
    }
    count = int(megabytes * 1024 * 1024 / len(json.dumps(row)))
    return json.dumps({"items": [{**row, "id": number} for number in range(count)]}).encode()


async def answered(it: Bench, content: bytes, watched: bool) -> float:
    """One run with a large answer: milliseconds until its tree is painted, or the longest stop.

    The watch turns the loop all the time, which is CPU time too: a run has either.
    """
    ended = 0.0

    async def script(payload: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        nonlocal ended
        headers = [["content-type", "application/json"]]
        yield {"type": "response", "status": 200, "headers": headers, "time": 1.0}
        for start in range(0, len(content), CHUNK):
            chunk = base64.b64encode(content[start : start + CHUNK]).decode()
            yield {"type": "body", "base64": chunk}
            await asyncio.sleep(0)
        yield {"type": "body_end", "size": len(content), "time": 2.0}
        ended = time.thread_time()
        yield {"type": "end", "outcome": "ok", "wall": 2.0, "engine_restarted": False}

    it.engine.script = script
    tree = it.screen.query_one(JsonTree)
    watch = Watch() if watched else None
    it.screen.run_draft()
    await until(lambda: it.screen.running is None and ended and tree.display and len(tree.rows) > 1)
    painted = asyncio.Event()
    tree.call_after_refresh(painted.set)
    await painted.wait()
    first = (time.thread_time() - ended) * 1000
    if watch is None:
        return first
    await until(lambda: len(tree.rows) >= 1_000)
    tree.find(Query('"id": 40'))
    await until(lambda: tree._matches.complete)
    tree.find(Query(""))
    return await watch.stop()


async def logged(it: Bench) -> dict[str, float]:
    """One run that fills its console."""

    async def script(payload: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        began = time.monotonic()
        for number in range(SECONDS * LINES):
            place = {"file": "worker.js", "line": 3, "column": 5}
            text = f"line {number} of what a worker writes when it writes a lot"
            yield {"type": "console", "level": "log", "text": text, "at": float(number), **place}
            if number % BATCH == 0:
                await asyncio.sleep(max(0.0, began + number / LINES - time.monotonic()))
        yield {"type": "response", "status": 200, "headers": [], "time": 1.0}
        yield {"type": "body_end", "size": 0, "time": 2.0}
        yield {"type": "end", "outcome": "ok", "wall": 2.0, "engine_restarted": False}

    it.engine.script = script
    it.screen.answer.show_part(2)
    watch, began = Watch(), time.monotonic()
    it.screen.run_draft()
    await asyncio.sleep(0.05)
    await until(lambda: it.screen.running is None)
    console = it.screen.answer.query_one(ConsoleView)
    await until(lambda: console._shown >= SECONDS * LINES)
    it.screen.answer.show_part(0)
    return {"seconds": time.monotonic() - began, "longest_stop": await watch.stop()}


async def repainted(it: Bench) -> float:
    """One layout and paint of the whole screen, milliseconds: what Textual takes, whatever is on it."""
    watch = Watch()
    for _ in range(5):
        painted = asyncio.Event()
        it.screen.refresh(layout=True)
        it.screen.call_after_refresh(painted.set)
        await painted.wait()
        await asyncio.sleep(0.05)
    return await watch.stop()


async def measure(megabytes: float, rounds: int) -> list[dict[str, Any]]:
    """Both, in one app."""
    content = document(megabytes)
    with TemporaryDirectory() as folder:
        os.environ["SVC_TUI_CONFIG"] = folder
        async with opened(Path(folder), size=(120, 40)) as it:
            await it.pilot.pause(0.5)
            paints = [await answered(it, content, False) for _ in range(rounds)]
            stops = [await answered(it, content, True) for _ in range(rounds)]
            console = await logged(it)
            whole = await repainted(it)
    return [
        {
            "answer_mb": megabytes,
            "first_paint_ms": round(statistics.median(paints), 1),
            "longest_stop_ms": round(max(stops), 1),
        },
        {
            "console_lines_a_second": LINES,
            "took_s": round(console["seconds"], 1),
            "longest_stop_ms": round(console["longest_stop"], 1),
        },
        {"whole_repaint_ms": round(whole, 1)},
    ]


def main() -> int:
    """Print one line of JSON a measure; exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    results = asyncio.run(measure(options.megabytes, options.rounds))
    for result in results:
        print(json.dumps(result), flush=True)
    missed = results[0]["first_paint_ms"] > FIRST_PAINT
    return int(missed or any(each["longest_stop_ms"] > LONGEST_STOP for each in results[:2]))


if __name__ == "__main__":
    raise SystemExit(main())
