"""`python -m engine VERB …`: the command line without the app."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    from engine.cli import main as command_line

    return command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
