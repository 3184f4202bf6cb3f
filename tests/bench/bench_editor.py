"""What a key press costs in the editor, against a bare TextArea, with and without a large document.

    python tests/bench/bench_editor.py [--keys 60] [--rounds 3]

Both editors are driven headless in interleaved rounds on one machine, so the ratios mean something even where
the milliseconds do not. The goals are ratios of at most 1.2 in 2,000 lines and 0.8 in 10,000.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import TextArea

from tui.widgets.code_editor import CodeEditor

BLOCK = """\
/** Words, not bytes: shown beside the title.
 *  A comment over several lines. */
function count(text, options = { strict: false }) {
  const words = text.split(/\\s+/).filter((word) => word.length > 0 && !options.strict);
  const label = `found ${words.length} words in ${text.length} characters`;
  if (words.length > 86_400) return json({ error: `over ${limit}` }, 409);
  return { words: words.length, label, at: Date.now() };
}

"""
SYNTAX = {"syn-keyword": "#b9a3ff", "syn-string": "#93d6a2", "syn-number": "#f0b58a", "syn-name": "#d9dce2"}
OURS = {"syn-function": "#7ec3f5", "syn-comment": "#868e9a", "del": "#46202a", "cursor-blur": "#2b2f36"}
GOALS = {2_000: 1.2, 10_000: 0.8}
"""The most a key press may cost, by lines, as a multiple of a bare TextArea's."""


class Bench(App[None]):
    """One editor, full screen."""

    def __init__(self, editor: TextArea) -> None:
        super().__init__()
        self.editor = editor

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours that the editor asks for."""
        return SYNTAX | OURS

    def compose(self) -> ComposeResult:
        """The editor alone."""
        yield self.editor


async def typing(editor: TextArea, text: str, keys: int) -> list[float]:
    """CPU milliseconds from a key event to the repainted screen, for letters typed mid-document."""
    app = Bench(editor)
    async with app.run_test(size=(120, 40)) as pilot:
        editor.load_text(text)
        editor.focus()
        editor.move_cursor((editor.document.line_count // 2, 4), center=True)
        await pilot.pause(0.5)
        costs = []
        for number in range(keys):
            letter = "abcdefgh"[number % 8]
            began = time.process_time()
            # The event goes the way a terminal's goes; the wait is for the frame that shows it.
            app.post_message(events.Key(letter, letter))
            await pilot.pause()
            painted = asyncio.Event()
            editor.call_after_refresh(painted.set)
            await painted.wait()
            costs.append((time.process_time() - began) * 1000)
        return costs


async def measure(lines: int, keys: int, rounds: int) -> dict[str, float]:
    """Medians for a document of `lines` lines."""
    text = (BLOCK * (lines // BLOCK.count("\n") + 1)).rsplit("\n", 1)[0]
    bare: list[float] = []
    ours: list[float] = []
    for _ in range(rounds):
        bare += await typing(TextArea.code_editor(theme="css"), text, keys)
        ours += await typing(CodeEditor("worker.js"), text, keys)
    first, second = statistics.median(bare), statistics.median(ours)
    return {
        "lines": lines,
        "bare_ms": round(first, 2),
        "ours_ms": round(second, 2),
        "ratio": round(second / first, 2),
    }


def main() -> int:
    """Print one line of JSON a document size; exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    missed = False
    for lines in (500, 2_000, 10_000):
        result = asyncio.run(measure(lines, options.keys, options.rounds))
        print(json.dumps(result), flush=True)
        missed |= result["ratio"] > GOALS.get(lines, float("inf"))
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
