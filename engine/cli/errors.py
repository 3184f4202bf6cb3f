"""What a verb gives up with: one line for stderr, and the exit code."""

from __future__ import annotations

from typing import Final

FAILED: Final = 1
USAGE: Final = 2
AWAY: Final = 3
NOT_CONFIRMED: Final = 4


class CliError(Exception):
    """The verb cannot go on. The text is one line that says what is wrong and what to do.

    Args:
        message: the line; breaks in it become spaces.
        code: the exit code.
    """

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(" ".join(message.split()))
        self.code = code
