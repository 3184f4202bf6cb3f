"""A real terminal for tests: a pseudo-terminal with a program in it, and the screen a person would see."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import pyte
from ptyprocess import PtyProcess

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "f1": "\x1bOP",
    "f5": "\x1b[15~",
    "f7": "\x1b[18~",
    "ctrl+o": "\x0f",
    "ctrl+p": "\x10",
    "ctrl+q": "\x11",
    "ctrl+s": "\x13",
}
"""What a terminal sends for a key."""


class Terminal:
    """A program in a pseudo-terminal. What it paints is read at once, so it never blocks on us."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], columns: int = 120, rows: int = 40
    ):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        """Everything that the program sent."""
        self.changed = threading.Condition()
        self.ended = False
        # The test runner's workers set these, and they would hide the terminal's own size.
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self.process = PtyProcess.spawn(
            list(command),
            dimensions=(rows, columns),
            env={**inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor", **environment},
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = self.process.read(65536)
            except (EOFError, OSError):
                break
            with self.changed:
                self.raw += data
                self.stream.feed(data)
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    @property
    def text(self) -> str:
        """The screen, row by row."""
        return "\n".join(row.rstrip() for row in self.screen.display)

    def wait(self, what: str | Callable[[str], object], limit: float = 60.0) -> str:
        """Wait until the screen shows something.

        Args:
            what: words, or a condition on the screen's text.
            limit: seconds after which the test fails with the screen in its message.

        Returns:
            The screen's text at that moment.
        """
        holds = (lambda text: what in text) if isinstance(what, str) else what
        end = time.monotonic() + limit
        with self.changed:
            while True:
                text = self.text
                if holds(text):
                    return text
                left = end - time.monotonic()
                if left <= 0 or self.ended:
                    why = "the program ended" if self.ended else f"not within {limit:.0f} s"
                    raise AssertionError(f"{why}: {what}\n{text}")
                self.changed.wait(left)

    def gone(self, words: str, limit: float = 60.0) -> str:
        """Wait until the screen does not show some words any more."""
        return self.wait(lambda text: words not in text, limit)

    def press(self, *keys: str) -> None:
        """Press keys by name; any other text is typed as it is."""
        for key in keys:
            self.process.write(KEYS.get(key, key).encode())

    def paste(self, text: str) -> None:
        """Paste, as a terminal with bracketed paste does."""
        self.process.write(f"\x1b[200~{text}\x1b[201~".encode())

    def wait_end(self, limit: float = 60.0) -> int:
        """Wait until the program ends; returns its exit code."""
        self.reader.join(limit)
        if self.reader.is_alive():
            raise AssertionError(f"the program did not end within {limit:.0f} s\n{self.text}")
        self.process.wait()
        return int(self.process.exitstatus or 0)

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size."""
        with self.changed:
            self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def kill(self) -> None:
        """End the program as a crash does."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.reader.join(60)

    def close(self) -> None:
        """End the program, whatever it does."""
        if self.process.isalive():
            self.process.terminate(force=True)
        self.reader.join(5)
